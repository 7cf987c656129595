"""Rows beside the target, and how they become its content: only what differs is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from pgpipelines.sessions import Session

STAGING = QualifiedName("pg_temp", "pgpipelines_staging")


@dataclass(frozen=True)
class Changes:
    """Rows that a copy wrote to the target."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


def create_staging(session: Session, target: QualifiedName, columns: list[str]) -> None:
    """Make the staging table for these columns; it vanishes with the transaction."""
    session.execute("copy/create_staging.sql", table=target, columns=columns)


def merge(session: Session, target: QualifiedName, columns: list[str], key: tuple[str, ...]) -> Changes:
    """Make the target's rows equal to the staged ones; those that are equal already are not touched.

    Vanished rows go first and new ones come last, so that a unique value may move from one row to another.
    """
    session.execute("copy/analyze_staging.sql")
    deleted = session.execute("copy/delete_vanished.sql", table=target, key=key)
    others = [name for name in columns if name not in key]
    updated = session.execute("copy/update_changed.sql", table=target, key=key, columns=others) if others else 0
    inserted = session.execute("copy/insert_new.sql", table=target, key=key, columns=columns)
    return Changes(inserted=inserted, updated=updated, deleted=deleted)


def republish(session: Session, target: QualifiedName, columns: list[str]) -> Changes:
    """Put the staged rows in the place of all others: what a table without a key allows."""
    deleted = session.execute("copy/delete_all.sql", table=target)
    inserted = session.execute("copy/insert_staged.sql", table=target, columns=columns)
    return Changes(inserted=inserted, deleted=deleted)
