"""What is copied: charger_usage_log in several sizes, and large values; and how the rows change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.databases import Database, recreate
from benchmarks.programs import copy_definition
from demo.servers import Server
from pgpipelines.templates import QualifiedName

MIB = 1024 * 1024
# What a row of charger_usage_log takes on disk with all its indexes, generously.
ROW_BYTES = 600
# A table without rows, whose definition the others have.
EMPTY = 0


@dataclass(frozen=True)
class Data:
    """A table in a database of its own: so many sessions, or large values where `value_bytes` is given.

    `timed` sessions have an indexed column changed_at, which the schema that users have lacks.
    """

    rows: int
    timed: bool = False
    value_bytes: int = 0

    @property
    def table(self) -> QualifiedName:
        """The table's name, the same in every database."""
        return QualifiedName("large", "documents") if self.value_bytes else QualifiedName("public", "charger_usage_log")

    @property
    def database(self) -> str:
        """The database's name, the same on both servers."""
        kind = "values" if self.value_bytes else "timed" if self.timed else "sessions"
        return f"{kind}_{self.rows}"


@dataclass(frozen=True)
class Sizes:
    """How much is copied, and how often.

    `base_rows` and `factor` give the two tables that show whether an incremental run pays for the table's size.
    `full_size` asks the peers that take long for all rows too.
    """

    rows: int
    rounds: int
    large_rows: int
    large_bytes: int
    base_rows: int
    factor: int = 10
    full_size: bool = False

    @property
    def plain(self) -> Data:
        """The table as users have it."""
        return Data(self.rows)

    @property
    def small(self) -> Data:
        """A tenth of it, for the peers that would take too long."""
        return Data(max(1, self.rows // 10))

    @property
    def slow_peers(self) -> Data:
        """What is asked of the peers that take long."""
        return self.plain if self.full_size else self.small

    @property
    def changed(self) -> int:
        """How many rows change between two runs: one of a hundred."""
        return max(1, self.rows // 100)

    @property
    def timed(self) -> Data:
        """The table with a column to follow."""
        return Data(self.rows, timed=True)

    @property
    def base(self) -> Data:
        """The smaller of the two tables that are compared with each other."""
        return Data(self.base_rows, timed=True)

    @property
    def larger(self) -> Data:
        """The larger of the two."""
        return Data(self.base_rows * self.factor, timed=True)

    @property
    def large_values(self) -> Data:
        """Rows that each hold a large value."""
        return Data(self.large_rows, value_bytes=self.large_bytes)

    @property
    def disk_bytes(self) -> int:
        """The disk that both servers take at most, with their logs and a dump, in bytes."""
        tables = {self.plain, self.small, self.timed, self.base, self.larger}
        copied = 2 * ROW_BYTES * sum(table.rows for table in tables) + self.large_bytes * (self.large_rows + 1)
        return copied + min(10 * 1024 * MIB, 4 * copied)


def make(server: Server, data: Data, environment: Mapping[str, str]) -> None:
    """Make a data set on a server: indexes after the rows, as a load does it."""
    database = Database(server, data.database)
    recreate(database)
    if data.value_bytes:
        database.execute("benchmarks/large_values.sql", {"rows": data.rows, "bytes": data.value_bytes})
    else:
        definition = _definition(server, timed=data.timed).keywords
        copy_definition(server.major, definition, database.keywords, "pre-data", environment=environment)
        _add_sessions(database, data, 1, data.rows)
        copy_definition(server.major, definition, database.keywords, "post-data", environment=environment)
    database.execute("benchmarks/vacuum.sql")


def change(
    server: Server,
    data: Data,
    salt: int,
    *,
    updated: int,
    deleted: int = 0,
    inserted: int = 0,
    among: int | None = None,
) -> int:
    """Change about so many rows, chosen at random but the same in each run; return how many it were.

    They lie anywhere in the table, or `among` so many of its first rows.
    """
    database = Database(server, data.database)
    chosen = {"salt": salt, "among": among or data.rows}
    count = database.execute(
        "benchmarks/update_sessions.sql", {**chosen, "chosen": updated}, table=data.table, timed=data.timed
    )
    if deleted:
        values = {**chosen, "chosen": deleted, "kept": updated}
        count += database.execute("benchmarks/delete_sessions.sql", values, table=data.table)
    if inserted:
        highest = database.one("benchmarks/highest.sql", table=data.table).id
        count += _add_sessions(database, data, highest + 1, highest + inserted, salt=salt)
    return count


def _definition(server: Server, *, timed: bool) -> Database:
    """An empty charger_usage_log as charger_db has it, without the tables around it."""
    database = Database(server, Data(EMPTY, timed).database)
    recreate(database)
    database.execute("schema/charger_db.sql")
    database.execute("benchmarks/only_sessions.sql", timed=timed)
    return database


def _add_sessions(database: Database, data: Data, first: int, last: int, salt: int | None = None) -> int:
    """Add sessions, one after the other in time, or at any time where `salt` is given."""
    return database.execute(
        "benchmarks/sessions.sql",
        {"first": first, "last": last, "salt": salt},
        table=data.table,
        scattered=salt is not None,
        timed=data.timed,
    )
