"""Every table of a database, found when a copy begins: new ones come along, and dropped ones are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pgpipelines.errors import MissingObjectError
from pgpipelines.sessions import Endpoint, Session
from pgpipelines.table_names import parse_table_name
from pgpipelines.templates import QualifiedName


def every_table(source: Endpoint, application_name: str, leave_out: Iterable[str] = ()) -> tuple[QualifiedName, ...]:
    """The tables of a database apart from `leave_out`; a table comes after those that its foreign keys point to.

    Raises MissingObjectError where there is none, ConfigurationError for a name in `leave_out` that can't be meant.
    """
    unwanted = {parse_table_name(name) for name in leave_out}
    with Session(source, application_name) as session:
        found = {row.oid: row for row in session.query("catalog/tables.sql")}
    names = [QualifiedName(row.schema, row.name) for row in _parents_first(found)]
    tables = tuple(name for name in names if name not in unwanted)
    if not tables:
        raise MissingObjectError(
            f"{source}: there is no table to copy", "name another source connection, or fewer tables in except"
        )
    return tables


def _parents_first(tables: Mapping[int, Any]) -> Iterable[Any]:
    """Order tables by their foreign keys; where those go in a circle, by name."""
    ordered: dict[int, Any] = {}
    on_the_way: set[int] = set()

    def place(oid: int) -> None:
        if oid in ordered or oid in on_the_way or oid not in tables:
            return
        on_the_way.add(oid)
        for parent in tables[oid].parents:
            place(parent)
        ordered[oid] = tables[oid]

    for oid in tables:
        place(oid)
    return ordered.values()


def dropped_tables(source: Endpoint, target: Endpoint, application_name: str) -> tuple[str, ...]:
    """A line for each table of the target that was copied from a table which the source has no longer."""
    with Session(target, application_name) as session:
        if not session.one("ledger/exists.sql").present:
            return ()
        copied = session.query("ledger/copied_from.sql", {"source": str(source)})
    with Session(source, application_name) as session:
        present = {str(QualifiedName(row.schema, row.name)) for row in session.query("catalog/near_names.sql")}
    return tuple(
        f"{row.source_table} is gone from the source; {row.target_table} stays as it was"
        for row in copied
        if row.source_table not in present
    )
