"""What the rows of a selection look like, and whether the user's SQL is right, found out before any row is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg2
from psycopg2 import errorcodes

from pgpipelines.catalog import VIEW, ResultColumn, Table, describe_existing, describe_result
from pgpipelines.copy.locking import held_by_others
from pgpipelines.copy.readiness import require_readable
from pgpipelines.copy.request import Selection
from pgpipelines.copy.user_sql import place
from pgpipelines.diagnosis import sqlstate
from pgpipelines.errors import ConfigurationError, PipelineError, RetriableError, one_line
from pgpipelines.templates import QualifiedName, readable

if TYPE_CHECKING:
    from pgpipelines.copy.plan import Plan
    from pgpipelines.sessions import Session

# Classes of SQLSTATE that the text of a statement is to blame for, where the server and the connection are well.
STATEMENT_ERRORS = frozenset({"0A", "21", "22", "25", "2F", "38", "39", "3F", "42", "54", "P0"})
UNNAMED = "?column?"
# A table or a column that was there a moment before is gone.
ALTERED = frozenset({errorcodes.UNDEFINED_TABLE, errorcodes.UNDEFINED_COLUMN})
# What the description of a table says in better words.
NOT_THERE = frozenset({errorcodes.UNDEFINED_TABLE, errorcodes.INSUFFICIENT_PRIVILEGE})
# No table can have columns of these names.
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
# pg_type.typtype of types that no table can have.
PSEUDO_TYPE = "p"


def describe_selection(session: Session, selection: Selection) -> Table:
    """Describe the rows that a selection reads: those of its table, or of its query under the table's name.

    `estimated_rows` counts those that meet the condition. Raises ConfigurationError, with the server's words and the
    place, where the user's SQL is wrong; for a table, what `describe_existing` and `require_readable` raise.
    """
    if selection.select is not None:
        return _describe_query(session, selection)
    table = _describe_and_hold(session, selection)
    if selection.whole:
        return table
    with _user_sql(session, selection):
        return replace(table, estimated_rows=_estimated_rows(session, selection))


def runs_others_sql(selection: Selection, table: Table) -> bool:
    """Tell whether reading runs SQL that somebody else wrote: the user's own, or what a view calls.

    Descriptions must be read without: the server leaves schemas out of types that a search_path finds.
    """
    return not selection.whole or table.kind == VIEW


@contextmanager
def users_names(session: Session, *, needed: bool = True) -> Iterator[None]:
    """Let others' SQL find names as the role does elsewhere; where the block fails, so has the transaction."""
    if needed:
        session.use_user_search_path()
    yield
    if needed:
        session.use_pinned_search_path()


def _describe_and_hold(session: Session, selection: Selection) -> Table:
    """Describe the table, and keep it so until the transaction ends.

    Raises RetriableError where it is altered at the same time, ConflictError where somebody has it locked.
    """
    held = Selection(selection.table, only=selection.only)

    def hold(columns: Sequence[str], *, others_sql: bool) -> None:
        with users_names(session, needed=others_sql):
            session.execute("copy/hold_source.sql", selection=held, columns=columns)

    try:
        # Whoever is dropping or altering it is waited for here: what describes a table would wait, and then fail.
        session.attempt(lambda: hold([], others_sql=True), NOT_THERE)
        table = describe_existing(session, selection.table)
        require_readable(session, table)
        hold([column.name for column in table.stored], others_sql=table.kind == VIEW)
    except PipelineError as error:
        if sqlstate(error) in ALTERED:
            raise _changed(session, str(selection.table)) from error
        if sqlstate(error) == errorcodes.LOCK_NOT_AVAILABLE:
            raise held_by_others(session, [selection.table]) from error
        raise
    return table


def require_held_in_time(session: Session) -> None:
    """Raise RetriableError where a table that was described is another one than the snapshot shows.

    PostgreSQL shows a table that was rewritten since as empty: a copy would believe it.
    """
    rewritten = session.query("copy/rewritten.sql")
    if rewritten:
        raise _changed(session, ", ".join(row.name for row in rewritten))


def parts_of(session: Session, selection: Selection) -> frozenset[QualifiedName]:
    """The tables that a selected table's rows are in, by now; for a query, nothing.

    No lock that a reader may take keeps a partition from being attached, or a child from inheriting, and both show in
    a transaction whose snapshot is older.
    """
    if selection.select is not None or selection.only:
        return frozenset()
    with users_names(session):
        ((plan,),) = session.query("copy/parts.sql", selection=Selection(selection.table))
    return frozenset(_scanned(plan[0]["Plan"]))


def _scanned(node: Mapping[str, Any]) -> Iterator[QualifiedName]:
    if "Relation Name" in node:
        yield QualifiedName(node["Schema"], node["Relation Name"])
    for below in node.get("Plans", ()):
        yield from _scanned(below)


def require_same_parts(session: Session, plans: Iterable[Plan]) -> None:
    """Raise RetriableError where a table has got a part meanwhile: some of what was read has its rows, some has not."""
    for plan in plans:
        more = parts_of(session, plan.selection) - plan.parts
        if more:
            names = ", ".join(map(str, sorted(more)))
            raise RetriableError(
                f"{session.endpoint}: {names} became a part of {plan.selection.table} while that was copied", "retry"
            )


def _changed(session: Session, what: str) -> RetriableError:
    return RetriableError(
        f"{session.endpoint}: {what} was altered or truncated while the copy began", "retry, once that has ended"
    )


def _describe_query(session: Session, selection: Selection) -> Table:
    with _user_sql(session, selection):
        found = session.result_columns("copy/selected_columns.sql", selection=selection)
    names = [name for name, _ in found]
    _require_names(session, selection, names)
    with _user_sql(session, selection):
        types = session.query("copy/selected_types.sql", selection=selection, columns=names)
        rows = _estimated_rows(session, selection)
    columns = [
        ResultColumn(name, row.type_oid, modifier, row.collation_oid)
        for (name, modifier), row in zip(found, types, strict=True)
    ]
    table = describe_result(session, selection.table, columns, rows)
    _require_types(session, table)
    return table


def _estimated_rows(session: Session, selection: Selection) -> int:
    ((plan,),) = session.query("copy/estimate_selected.sql", selection=selection)
    return int(plan[0]["Plan"]["Plan Rows"])


def _require_names(session: Session, selection: Selection, names: list[str]) -> None:
    """Raise ConfigurationError where a table could not have columns of these names."""
    if not names:
        raise _refused(session, selection.table, "has no columns", "select at least one")
    if UNNAMED in names:
        position = names.index(UNNAMED) + 1
        raise _refused(session, selection.table, f"has no name for column {position}", "give it a name with AS")
    for name, columns in Counter(names).items():
        if columns > 1:
            what = f"has {columns} columns named {readable(name)}"
            raise _refused(session, selection.table, what, "leave all but one out, or give them names with AS")
        if name in SYSTEM_COLUMNS:
            what = f"has a column named {name}, a name that PostgreSQL keeps for itself"
            raise _refused(session, selection.table, what, "give it another name with AS")


def _require_types(session: Session, table: Table) -> None:
    for column in table.columns:
        if column.base_kind == PSEUDO_TYPE:
            what = f"has a column {readable(column.name)} of the pseudo-type {column.type}"
            raise _refused(session, table.name, what, "cast it to a type that a table can have, or leave it out")


def _refused(session: Session, table: QualifiedName, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"{session.endpoint}: the query for {table} {what}", remedy)


@contextmanager
def _user_sql(session: Session, selection: Selection) -> Iterator[None]:
    """Run statements that contain the user's SQL; an error that it is to blame for becomes a ConfigurationError."""
    try:
        with users_names(session):
            yield
    except PipelineError as error:
        said, code = error.__cause__, sqlstate(error)
        blamed = code[:2] in STATEMENT_ERRORS and code != errorcodes.INSUFFICIENT_PRIVILEGE
        if not isinstance(said, psycopg2.Error) or not blamed:
            raise
        raise ConfigurationError(
            f"{error.cause}, in the SQL for {selection.table}{_place_of_error(said, selection)}",
            one_line(said.diag.message_hint or "")
            or "correct the condition or query, and try it with psql as this role",
        ) from said


def _place_of_error(error: psycopg2.Error, selection: Selection) -> str:
    """Where in the user's text the server points, empty where it points nowhere."""
    position = int(error.diag.statement_position or 0) - 1
    sent = (error.cursor.query or b"").decode() if error.cursor else ""
    for clause, sql in (("where", selection.where), ("select", selection.select)):
        text = "" if sql is None else sql % ()
        before, found, _ = sent.partition(f"(\n{text}\n)")
        start = len(before) + len("(\n")
        if text and found and start <= position < start + len(f"{text}\n)"):
            return f", {clause} {place(text, min(position - start, len(text)))}"
    return ""
