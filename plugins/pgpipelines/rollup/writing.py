"""Puts computed rows in place of those that stand there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pgpipelines.sessions import Session

KEY_COLUMNS = 2


@dataclass(frozen=True)
class Written:
    """Rows that were new or differed, and rows that are gone."""

    written: int
    deleted: int


def replace(session: Session, template: str, computed: str, context: Mapping[str, Any]) -> Written:
    """Run the replacing template for a temporary table of computed rows, whose first two columns are their key."""
    columns = [row.name for row in session.query("rollup/columns.sql", {"name": computed})][KEY_COLUMNS:]
    done = session.one(template, columns=columns, **context)
    return Written(done.written, done.deleted)
