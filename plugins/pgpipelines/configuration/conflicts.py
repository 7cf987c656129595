"""What each setting allows by itself, and the pipelines together do not: contradictions, and tables written twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pgpipelines.configuration.mistakes import Location, path
from pgpipelines.configuration.models import BaseBackups, Configuration, Copy, Dumps
from pgpipelines.configuration.tables import EVERY_TABLE, Table
from pgpipelines.copy.request import Selection, TableCopy
from pgpipelines.table_names import is_system_schema, parse_name
from pgpipelines.templates import QualifiedName

Mistake = tuple[Location, str]


@dataclass(frozen=True)
class Writer:
    """A pipeline that writes a table: what it reads for it, and where the file says so."""

    strategy: str
    source: str
    selection: Selection
    where: Location

    def goes_with(self, other: Writer) -> bool:
        """Tell whether both may write one table: a refresh and an incremental of the same rows, by turns."""
        return {self.strategy, other.strategy} == {"full_refresh", "incremental"} and (self.source, self.selection) == (
            other.source,
            other.selection,
        )


@dataclass
class Written:
    """The tables that pipelines write, by connection and name; and the schemas that are filled whole."""

    tables: dict[tuple[str, QualifiedName], list[Writer]] = field(default_factory=dict)
    schemas: dict[tuple[str, str | None], Location] = field(default_factory=dict)


def conflicts(configuration: Configuration) -> Iterator[Mistake]:
    """Find what contradicts itself, and what can't be written where the file says; the later of two is refused."""
    yield from _of_ids(configuration)
    yield from _of_copies(configuration.copies)
    yield from _of_dumps(configuration.dumps)
    yield from _of_base_backups(configuration.base_backups)
    # What the statistics remember is one for a database.
    rolled: dict[str, Location] = {}
    for dag_id, rollup in configuration.rollups.items():
        where = ("rollups", dag_id)
        before = rolled.setdefault(rollup.connection, where)
        if before != where:
            words = f"found {rollup.connection}; allowed: a database of its own ({path(before)} has this one)"
            yield (*where, "connection"), words


def _of_ids(configuration: Configuration) -> Iterator[Mistake]:
    taken: dict[str, Location] = {}
    for section, pipelines in configuration:
        for dag_id in pipelines:
            before = taken.setdefault(dag_id, (section, dag_id))
            if before[0] != section:
                yield (section, dag_id), f"found {dag_id}; allowed: a DAG id of its own ({path(before)} has it)"


def _of_dumps(dumps: Mapping[str, Dumps]) -> Iterator[Mistake]:
    """Each pipeline removes sets by its own rules: two of them would remove each other's."""
    dumped: dict[tuple[str | None, str], Location] = {}
    for dag_id, pipeline in dumps.items():
        where = ("dumps", dag_id, "databases")
        if pipeline.drill in pipeline.databases:
            yield ("dumps", dag_id, "drill"), f"found {pipeline.drill}; allowed: a server that is not dumped"
        wanted = pipeline.encryption
        if wanted is not None and (wanted.key_connection is None) is (wanted.key_variable is None):
            words = "found neither or both; allowed: key_connection or key_variable"
            yield ("dumps", dag_id, "encryption"), words
        if wanted is not None and pipeline.format == "directory":
            # pg_dump writes such a folder itself, so that its files would be plain on the disk first.
            yield ("dumps", dag_id, "format"), "found directory; allowed beside encryption: custom or plain"
        for conn_id in pipeline.databases:
            before = dumped.setdefault((pipeline.directory, conn_id), where)
            if before != where:
                yield where, f"found {conn_id}; allowed: a directory of its own ({path(before)} dumps it into the same)"


def _of_base_backups(base_backups: Mapping[str, BaseBackups]) -> Iterator[Mistake]:
    """Each pipeline removes the WAL that its own backups do not need."""
    kept: dict[str, Location] = {}
    for dag_id, pipeline in base_backups.items():
        where = ("base_backups", dag_id, "servers")
        for conn_id in pipeline.servers:
            before = kept.setdefault(conn_id, where)
            if before != where:
                yield where, f"found {conn_id}; allowed: a server of its own ({path(before)} has this one)"


def _of_copies(copies: Mapping[str, Copy]) -> Iterator[Mistake]:
    written = Written()
    for dag_id, copy in copies.items():
        pipeline = ("copies", dag_id)
        if copy.leave_out and not copy.every_table:
            yield (*pipeline, "except"), 'found tables to leave out; allowed: except beside tables: "*" only'
        if copy.every_table and (words := _of_every_table(copy, (*pipeline, "tables"), written)):
            yield (*pipeline, "tables"), words
        for place, table in copy.placed():
            where = (*pipeline, *place)
            if words := _of_table(copy, table, where, written):
                yield where, words


def _of_every_table(copy: Copy, where: Location, written: Written) -> str | None:
    found = f'found "{EVERY_TABLE}"; allowed'
    if copy.strategy == "incremental":
        return f"{found} with incremental: a list of tables, each with its cursor"
    if copy.source == copy.target:
        return f"{found}: a target other than the source"
    if copy.target_schema is not None and is_system_schema(parse_name(copy.target_schema)):
        return f"{found}: a target_schema other than {copy.target_schema}, which is not for copies"
    before = written.schemas.setdefault((copy.target, copy.target_schema), where)
    if before != where:
        return f"{found}: a target or a target_schema of its own ({path(before)} fills the same)"
    return None


def _of_table(copy: Copy, table: Table, where: Location, written: Written) -> str | None:
    if words := table.contradiction():
        return words
    if copy.strategy == "incremental" and table.cursor is None:
        return f"found {table.name} without a cursor; allowed with incremental: a cursor (a column, or xmin)"
    resolved = table.copy_to(copy.target_schema)
    if words := _unwritable(copy, resolved):
        return f"found {resolved.target}; allowed: {words}"
    writer = Writer(copy.strategy, copy.source, resolved.source, where)
    others = written.tables.setdefault((copy.target, resolved.target), [])
    others.append(writer)
    for other in others[:-1]:
        if not other.goes_with(writer):
            return f"found {resolved.target}; allowed: a target of its own ({path(other.where)} writes it)"
    return None


def _unwritable(copy: Copy, table: TableCopy) -> str | None:
    if is_system_schema(table.target.schema):
        return f"a target outside {table.target.schema}, which is not for copies"
    if copy.source == copy.target and table.source.table == table.target:
        return "a target other than the source (another connection, schema or name)"
    return None
