"""Sessions: the only place that opens a connection to PostgreSQL and the only way a statement reaches it.

A session pins the settings that decide how values are read and printed, bounds statements and lock waits,
carries a name that a DBA recognises in pg_stat_activity, and turns the driver's errors into PipelineErrors.
It has a backend of the server to itself: a pooler that would share one is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from io import IOBase
from types import TracebackType
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import cursor, make_dsn
from psycopg2.extras import NamedTupleCursor
from typing_extensions import Self

from pgpipelines.diagnosis import SNAPSHOT_GONE, diagnose, diagnose_connection, sqlstate
from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import ConfigurationError, PipelineError, RetriableError
from pgpipelines.libpq import type_modifiers
from pgpipelines.poolers import Backend, is_shared
from pgpipelines.templates import Sql, render

T = TypeVar("T")
CONNECT_SECONDS = 10
APPLICATION_NAME_BYTES = 63
OWN_SEARCH_PATH = "pg_catalog"


class Session:
    """One connection and its current transaction; use as a context manager, which rolls back and closes.

    Every method raises the PipelineError that fits what the server said.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        application_name: str,
        *,
        snapshot: bool = False,
        readonly: bool | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """Connect.

        With `snapshot`, each transaction is REPEATABLE READ, and READ ONLY unless `readonly` says otherwise; without,
        READ COMMITTED, and READ WRITE unless `readonly` says otherwise.
        """
        self.endpoint = endpoint
        self.application_name = application_name
        self._numbers = itertools.count(1)
        self.bounds = bounds or Bounds()
        defaults = {"connect_timeout": str(CONNECT_SECONDS)}
        name = application_name.encode()[:APPLICATION_NAME_BYTES].decode(errors="ignore")
        # The driver asks for the encoding once, when it connects: a later SET would leave it with the database's.
        pinned = {"application_name": name, "client_encoding": "UTF8"}
        with diagnose_connection(endpoint):
            self._dsn = make_dsn(**{**defaults, **endpoint.parameters, **pinned})
            self._connection = psycopg2.connect(self._dsn, cursor_factory=NamedTupleCursor)
        self._backend = int(self._connection.get_backend_pid())
        try:
            self._prepare(snapshot, snapshot if readonly is None else readonly)
        except BaseException:
            self.close()
            raise

    def _prepare(self, snapshot: bool, readonly: bool) -> None:
        self._connection.autocommit = True
        if not self._pin_settings():
            self._pin_settings_behind_pooler()
        self.execute("session/notice_dead_client.sql")
        # Said either way: a role or a database may have other defaults.
        self._connection.set_session(
            isolation_level="REPEATABLE READ" if snapshot else "READ COMMITTED", readonly=readonly, autocommit=False
        )

    def _pin_settings(self) -> bool:
        """Pin the settings, and tell whether that was in the backend that this session knows as its own."""
        settings = {
            "statement_timeout": self.bounds.statement_timeout,
            "lock_timeout": self.bounds.lock_timeout,
            "backend": self._backend,
        }
        return self.execute("session/settings.sql", settings) == 1

    def _pin_settings_behind_pooler(self) -> None:
        """Pin the settings in the backend behind a pooler. Raises ConfigurationError where others may get it too."""
        own = self._served_by()
        self._backend = own.pid
        with diagnose_connection(self.endpoint):
            shared = is_shared(own, self._served_by, self._dsn)
        if shared or not self._pin_settings():
            raise ConfigurationError(
                f"{self.endpoint}: a connection pooler gives this session's server process to others between "
                "transactions or statements",
                "connect to the server directly, or to a pool with pool_mode = session",
            )

    def _served_by(self) -> Backend:
        found = self.one("session/backend.sql")
        return Backend(found.pid, found.server_started_at)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; what was not committed is rolled back by the server."""
        self.close()

    @property
    def version(self) -> int:
        """Major version of the server."""
        return int(self._connection.server_version) // 10000

    @property
    def backend(self) -> int:
        """Process id of the server's backend, also behind a pooler."""
        return self._backend

    def query(self, template: str, values: Mapping[str, object] | None = None, **context: object) -> list[Any]:
        """Run the statement in include/sql/`template` and return its rows as named tuples."""
        with self._cursor() as run:
            run.execute(self._bound(run, render(template, **context), values))
            rows: list[Any] = run.fetchall()
            return rows

    def batches(
        self, template: str, values: Mapping[str, object] | None, size: int, **context: object
    ) -> Generator[list[Any], None, None]:
        """Run the query in include/sql/`template` and yield its rows, named tuples, in lists of `size` at most.

        The server keeps the rows that were not fetched yet, for as long as the transaction. A cursor's query never
        runs in parallel, and is planned for its first rows (cursor_tuple_fraction).
        """
        with self._cursor(f"pgpipelines batches {next(self._numbers)}") as run:
            run.execute(self._bound(run, render(template, **context), values))
            while rows := run.fetchmany(size):
                yield rows

    def one(self, template: str, values: Mapping[str, object] | None = None, **context: object) -> Any:
        """Run a statement and return its first row, or None."""
        rows = self.query(template, values, **context)
        return rows[0] if rows else None

    def execute(self, template: str, values: Mapping[str, object] | None = None, **context: object) -> int:
        """Run the statement in include/sql/`template` and return the number of rows that it touched."""
        with self._cursor() as run:
            run.execute(self._bound(run, render(template, **context), values))
            return int(run.rowcount)

    def execute_alone(self, template: str, values: Mapping[str, object] | None = None, **context: object) -> None:
        """Run a statement that no transaction may hold, such as CREATE DATABASE; no transaction may be open."""
        self._connection.autocommit = True
        try:
            self.execute(template, values, **context)
        finally:
            if not self._connection.closed:
                self._connection.autocommit = False

    def attempt(self, work: Callable[[], T], refusals: Collection[str]) -> T | None:
        """Do some work; where the server refuses it with one of these codes, take back what it did, and return None."""
        self.execute("session/savepoint.sql")
        try:
            done = work()
        except PipelineError as error:
            if sqlstate(error) not in refusals:
                raise
            self.execute("session/back_to_savepoint.sql")
            return None
        self.execute("session/release_savepoint.sql")
        return done

    def result_columns(self, template: str, **context: object) -> list[tuple[str, int]]:
        """Run a statement and return its result's columns, each as name and type modifier, instead of its rows."""
        with self._cursor() as run:
            run.execute(self._bound(run, render(template, **context), None))
            names = [column.name for column in run.description or ()]
            return list(zip(names, type_modifiers(run), strict=True))

    def copy(self, statement: Sql, stream: IOBase, block: int, values: Mapping[str, object] | None = None) -> int:
        """Run a COPY from or to `stream`, `block` bytes at a time, and return the number of rows.

        The driver writes the values into the statement, for COPY takes no parameters.
        """
        with self._cursor() as run:
            run.copy_expert(self._bound(run, statement, values), stream, block)
            return int(run.rowcount)

    def export_snapshot(self) -> str:
        """The name under which other sessions adopt this transaction's snapshot, while the transaction lasts."""
        return str(self.one("session/export_snapshot.sql").snapshot)

    def adopt_snapshot(self, snapshot: str) -> None:
        """Let this transaction, which must be at its start and REPEATABLE READ, see what the exporting one sees.

        Raises RetriableError where the exporting transaction has ended.
        """
        try:
            self.execute("session/adopt_snapshot.sql", {"snapshot": snapshot})
        except PipelineError as error:
            if sqlstate(error) not in SNAPSHOT_GONE:
                raise
            raise RetriableError(
                f"{self.endpoint}: snapshot {snapshot} is gone, because the transaction that exported it has ended",
                "retry: a new attempt takes a new snapshot; see the server's log for what ended the transaction",
            ) from error

    def use_role_search_path(self) -> None:
        """For the rest of the transaction, find names as the role finds them elsewhere: triggers may count on it."""
        self._find_names_in(self._role_search_path)

    @contextmanager
    def names_of_role(self) -> Iterator[None]:
        """Find names so while the block runs: for triggers, constraints, and what columns and indexes are computed by.

        Where the block fails, so has the transaction.
        """
        self.use_role_search_path()
        yield
        self.use_pinned_search_path()

    def use_user_search_path(self) -> None:
        """For the rest of the transaction, find names as the user's SQL means them, PostgreSQL's own before all others.

        Our own calls in such a statement still name pg_catalog, and operators take exactly what theirs declare: a
        function with the very types of the arguments would be chosen from any schema.
        """
        self._find_names_in(f"{OWN_SEARCH_PATH}, {self._role_search_path}".removesuffix(", "))

    def use_pinned_search_path(self) -> None:
        """For the rest of the transaction, find only what PostgreSQL itself brings.

        So nobody's operator or function of the same name is taken for the server's.
        """
        self._find_names_in(OWN_SEARCH_PATH)

    @cached_property
    def _role_search_path(self) -> str:
        return str(self.one("session/role_search_path.sql").path or "")

    def _find_names_in(self, path: str) -> None:
        self.execute("session/search_path.sql", {"path": path})

    def prefer_indexes(self) -> None:
        """From now on, plan with more memory, and rather by index; commits."""
        self.execute("session/planning.sql")
        self.commit()

    def commit(self) -> None:
        """Commit the transaction."""
        with diagnose(self.endpoint, self._connection):
            self._connection.commit()

    def rollback(self) -> None:
        """Roll the transaction back."""
        with diagnose(self.endpoint, self._connection):
            self._connection.rollback()

    def cancel(self) -> None:
        """Ask the server to cancel what this session runs; may be called from another thread."""
        if not self._connection.closed:
            with suppress(psycopg2.Error):  # a server that is gone has nothing left to cancel
                self._connection.cancel()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _cursor(self, name: str | None = None) -> Iterator[cursor]:
        """A cursor of the driver, or of the server where it has a name."""
        with diagnose(self.endpoint, self._connection), self._connection.cursor(name) as run:
            yield run

    def _bound(self, run: cursor, statement: Sql, values: Mapping[str, object] | None) -> bytes:
        """The statement with its values as literals. Raises ConfigurationError for what PostgreSQL has no text for."""
        try:
            return run.mogrify(statement, dict(values or {}))
        except ValueError as error:
            raise ConfigurationError(
                f"{self.endpoint}: a value can't be sent: {error}", "correct the text, wherever it was given"
            ) from error
