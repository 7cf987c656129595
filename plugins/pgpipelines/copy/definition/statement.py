"""A statement as data: planned first, then run, or shown to a person instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pgpipelines.templates import literal, render

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

HEADER = re.compile(r"(?:--[^\n]*\n)+")


@dataclass(frozen=True)
class Statement:
    """A template of include/sql with the texts to bind and the parameters to render."""

    template: str
    values: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, object] = field(default_factory=dict)

    def run(self, session: Session) -> int:
        """Run it and return the number of rows that it touched."""
        return session.execute(self.template, self.values, **self.context)

    @property
    def text(self) -> str:
        """The SQL that a person can read and run."""
        rendered = HEADER.sub("", render(self.template, **self.context), count=1)
        return (rendered % {name: literal(value) for name, value in self.values.items()}).strip()


def statement(template: str, values: Mapping[str, str] | None = None, **context: object) -> Statement:
    """Make a statement of include/sql/copy/`template`.sql."""
    return Statement(f"copy/{template}.sql", values or {}, context)


def run_all(session: Session, statements: Iterable[Statement]) -> None:
    """Run statements one after the other in the session's transaction."""
    for each in statements:
        each.run(session)
