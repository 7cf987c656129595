"""Content of a restored database that becomes content of another: as a copy does it, in one transaction, proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgpipelines.backup.contents import read_positions
from pgpipelines.backup.manifest import Manifest
from pgpipelines.catalog import PARTITIONED, describe
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.readiness import require_writable
from pgpipelines.copy.request import CopyRequest, Selection, TableCopy
from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import ConfigurationError, MissingObjectError
from pgpipelines.ledger import Run
from pgpipelines.sessions import Session
from pgpipelines.table_names import is_system_schema
from pgpipelines.templates import QualifiedName, quoted
from pgpipelines.whole_database import every_table

if TYPE_CHECKING:
    from pgpipelines.catalog import Table


def require_tables(target: Endpoint, manifest: Manifest, named: Sequence[QualifiedName], *, replace: bool) -> None:
    """Look at the tables that are to take rows, before anything is restored; all of the set's where none is `named`.

    Raises MissingObjectError for one that the target or the set lacks, ConfigurationError for one that has rows though
    nothing is to be replaced, and PrivilegeError for one that may not be written.
    """
    there = {each.table for each in manifest.contents.tables}
    with Session(target, "pgpipelines.restore") as session:
        for name in named or sorted(name for name in there if not is_system_schema(name.schema)):
            table = _described(session, name)
            if name not in there and table.kind != PARTITIONED:
                raise MissingObjectError(f"the set has no table {name}", "see its manifest, or choose another set")
            require_writable(session, table)
            if not replace and not session.one("copy/is_empty.sql", table=name, only=not named).empty:
                raise ConfigurationError(
                    f"{target}: {name} has rows, and nothing was to be replaced",
                    "choose `replace` if its rows are to become those of the set; others are deleted then",
                )


def replace_tables(
    restored: Endpoint, target: Endpoint, named: Sequence[QualifiedName], run: Run, bounds: Bounds, *, replace: bool
) -> tuple[TableResult, ...]:
    """Let tables of the target have the rows that those of the restored database have: all of them, or none.

    Without names, all tables but those without columns, which hold nothing that could be told apart or copied; and the
    sequences stand where they stood. Else these are only moved behind the rows.
    """
    wanted = _to_replace(restored, target, named, run)
    report = copy_tables(
        CopyRequest(
            source=restored,
            target=target,
            tables=tuple(TableCopy(Selection(name, only=not named), name) for name in wanted),
            create_missing=False,
            only_empty=not replace,
            bounds=bounds,
        ),
        run,
    )
    if not named:
        _set_sequences(restored, target, run)
    return report.tables


def _to_replace(restored: Endpoint, target: Endpoint, named: Sequence[QualifiedName], run: Run) -> list[QualifiedName]:
    """The tables that are named, or all, in an order in which each finds the rows that it refers to."""
    found = {*every_table(restored, run.application_name)}
    # The foreign keys that have to hold are the target's.
    in_order = every_table(target, run.application_name)
    missing = [str(name) for name in named if name not in found]
    if missing:
        raise MissingObjectError(
            f"the set has no table {', '.join(missing)}", "see its manifest, or choose another set"
        )
    if named:
        return [name for name in in_order if name in named]
    with Session(restored, run.application_name) as session:
        return [
            name
            for name in in_order
            if name in found and not is_system_schema(name.schema) and _described(session, name).stored
        ]


def _set_sequences(restored: Endpoint, target: Endpoint, run: Run) -> None:
    with Session(restored, run.application_name) as there, Session(target, run.application_name) as here:
        present = read_positions(here)
        for name, position in read_positions(there).items():
            if name in present and not is_system_schema(name.schema):
                values = {"sequence": quoted(name), "value": position.last_value, "called": position.is_called}
                here.query("restore/set_sequence.sql", values)
        here.commit()


def _described(session: Session, name: QualifiedName) -> Table:
    table = describe(session, name)
    if table is None:
        raise MissingObjectError(
            f"{session.endpoint}: table {name} does not exist",
            "restore the whole set into another database, and take the table from there",
        )
    return table
