"""Every table of a database, found when a copy begins: new ones come along, and dropped ones are named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pgpipelines.catalog import readable_names
from pgpipelines.copy.ordering import ordered
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import MissingObjectError
from pgpipelines.sessions import Session
from pgpipelines.table_names import parse_table_name
from pgpipelines.templates import QualifiedName


def every_table(source: Endpoint, application_name: str, leave_out: Iterable[str] = ()) -> tuple[QualifiedName, ...]:
    """The tables of a database apart from `leave_out`, each of which is copied without those that are parts of it.

    A table comes after those that its foreign keys point to, and after those that it inherits from; a partitioned table
    is followed by its partitions, and left out with them. Raises MissingObjectError where there is none,
    ConfigurationError for a name in `leave_out` that can't be meant.
    """
    unwanted = {parse_table_name(name) for name in leave_out}
    with Session(source, application_name) as session:
        found = {row.oid: row for row in session.query("catalog/tables.sql")}
    tables = tuple(
        QualifiedName(row.schema, row.name)
        for row in _in_order(found)
        if unwanted.isdisjoint(QualifiedName(each.schema, each.name) for each in _with_ancestors(found, row))
    )
    if not tables:
        raise MissingObjectError(
            f"{source}: there is no table to copy", "name another source connection, or fewer tables in except"
        )
    return tables


def _in_order(tables: Mapping[int, Any]) -> Iterator[Any]:
    """Order tables by what they are made of, then by their foreign keys; where those go in a circle, by name."""
    partitions: dict[int | None, list[Any]] = defaultdict(list)
    for row in tables.values():
        partitions[row.partition_of if row.partition_of in tables else None].append(row)
    by_foreign_keys = ordered({row.oid: row for row in partitions[None]}, lambda row: row.refers_to)
    for row in ordered(by_foreign_keys, lambda row: row.inherits).values():
        yield from _with_partitions(partitions, row)


def _with_partitions(partitions: Mapping[int | None, list[Any]], table: Any) -> Iterator[Any]:
    yield table
    for row in partitions[table.oid]:
        yield from _with_partitions(partitions, row)


def _with_ancestors(tables: Mapping[int, Any], table: Any) -> Iterator[Any]:
    """Yield a table, the one that it is a partition of, and so on."""
    yield table
    if table.partition_of in tables:
        yield from _with_ancestors(tables, tables[table.partition_of])


def dropped_tables(source: Endpoint, target: Endpoint, application_name: str) -> tuple[str, ...]:
    """A line for each table of the target that was copied from a table which the source has no longer."""
    with Session(target, application_name) as session:
        if not session.one("ledger/exists.sql").present:
            return ()
        copied = session.query("ledger/copied_from.sql", {"source": str(source)})
    with Session(source, application_name) as session:
        present = {str(name) for name in readable_names(session)}
    return tuple(
        f"{row.source_table} is gone from the source; {row.target_table} stays as it was"
        for row in copied
        if row.source_table not in present
    )
