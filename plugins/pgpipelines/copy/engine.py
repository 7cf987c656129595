"""The story of one copy: lock, place, load, merge, verify, publish. docs/how-a-copy-is-proven.md says why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from pgpipelines import ledger
from pgpipelines.catalog import Table, describe, describe_existing
from pgpipelines.checksum import Bucket, Comparison, buckets_for, differing_buckets
from pgpipelines.copy import staging
from pgpipelines.copy.definition import Definition, accept, complete, create, same_type
from pgpipelines.copy.progress import Progress, watch
from pgpipelines.copy.readiness import require_readable, require_writable
from pgpipelines.copy.relay import Relayed, relay
from pgpipelines.errors import ConfigurationError, ConflictError, PipelineError, VerificationError
from pgpipelines.sessions import Bounds, Endpoint, Session
from pgpipelines.table_names import is_system_schema
from pgpipelines.templates import QualifiedName, quoted, render

STRATEGY = "full_refresh"
VERIFICATION = "checksum"
# What a sequence can fill with its own values; in a text it is part of something longer.
INTEGERS = frozenset({"int2", "int4", "int8", "numeric"})

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CopyRequest:
    """What to copy where.

    Progress is reported after `batch_size` rows; `bounds` hold for the sessions on both sides.
    """

    source: Endpoint
    target: Endpoint
    source_table: QualifiedName
    target_table: QualifiedName
    batch_size: int = 10_000
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True)
class CopyResult:
    """What a copy did. `rows` and `bytes` were read from the source; `seconds` are by step."""

    rows: int
    bytes: int
    changes: staging.Changes
    seconds: dict[str, float]
    snapshot: str


@dataclass(frozen=True)
class Copy:
    """A copy under way: both sessions, both tables, and how they are compared.

    `target_table` is the target as it was before, None where this copy creates it.
    """

    request: CopyRequest
    source: Session
    target: Session
    source_table: Table
    target_table: Table | None
    definition: Definition
    comparison: Comparison
    progress: Progress

    @property
    def columns(self) -> list[str]:
        """The names of the columns that are copied."""
        return [column.name for column in self.source_table.stored]

    def sized_for(self, rows: int) -> Copy:
        """The same copy, compared in buckets that suit this number of rows."""
        return replace(self, comparison=replace(self.comparison, buckets=buckets_for(rows)))

    def source_checksum(self) -> dict[int, Bucket]:
        """The checksum of the source table at the snapshot."""
        return self.comparison.checksum(self.source, self.request.source_table)

    def target_checksum(self) -> dict[int, Bucket]:
        """The checksum of the target table as this transaction sees it."""
        return self.comparison.checksum(self.target, self.request.target_table)


def copy_table(request: CopyRequest, run: ledger.Run) -> CopyResult:
    """Make the target table equal to the source table at one snapshot of the source, in one transaction.

    Raises a PipelineError, with the target unchanged and the failure in the ledger.
    """
    started_at = datetime.now(timezone.utc)
    try:
        _require_sensible(request)
        return _copy_table(request, run, started_at)
    except PipelineError as error:
        _record_failure(request, run, started_at, error)
        raise


def _copy_table(request: CopyRequest, run: ledger.Run, started_at: datetime) -> CopyResult:
    progress = Progress(str(request.target_table), request.batch_size)
    with Session(request.target, run.application_name, bounds=request.bounds) as target:
        ledger.ensure_ledger(target)
        with progress.step("lock"):
            target_table = _hold(target, request.target_table)
        # The snapshot comes after the lock: a run that waited must not publish older rows than the one before it.
        with Session(request.source, run.application_name, snapshot=True, bounds=request.bounds) as source:
            snapshot = source.one("copy/snapshot.sql")
            with progress.step("place"):
                copy = _place(request, source, target, target_table, progress)
            with progress.step("load"):
                relayed, staged = _load(copy)
            copy = copy.sized_for(relayed.rows)
            with _in_background(copy.source_checksum, source.cancel) as source_checksum:
                with progress.step("merge"):
                    changes = _merge(copy) if staged else _complete(copy, relayed)
                with progress.step("verify"):
                    _verify(copy, source_checksum)
            # A sequence does not roll back, so it waits until nothing else can fail.
            _advance_sequences(copy)
            entry = ledger.Entry(
                **_entry(request, started_at),
                status="succeeded",
                snapshot=snapshot.snapshot,
                snapshot_at=snapshot.taken_at,
                columns=copy.columns,
                rows_read=relayed.rows,
                rows_inserted=changes.inserted,
                rows_updated=changes.updated,
                rows_deleted=changes.deleted,
                bytes=relayed.bytes,
                seconds=progress.seconds,
                verification=VERIFICATION,
            )
            ledger.record(target, run, entry)
            with progress.step("publish"):
                target.commit()
    return CopyResult(relayed.rows, relayed.bytes, changes, progress.seconds, snapshot.snapshot)


def _require_sensible(request: CopyRequest) -> None:
    """Refuse a target that no copy may write to. Raises ConfigurationError."""
    source, target = request.source, request.target
    if is_system_schema(request.target_table.schema):
        raise ConfigurationError(
            f"schema {request.target_table.schema} is not for copies", "name a target table in another schema"
        )
    same_database = (source.host, source.port, source.database) == (target.host, target.port, target.database)
    if same_database and request.source_table == request.target_table:
        raise ConfigurationError(
            f"{request.source_table} would be copied onto itself ({source})",
            "name another target table, or another target connection",
        )


def _hold(target: Session, name: QualifiedName) -> Table | None:
    """Keep other runs away from the target table, and its definition as it is, until this transaction ends.

    Waits for others as often as the session's bounds say. Returns the table's description, None where there is no
    such table yet. Raises ConflictError where it stays locked.
    """
    attempts = target.bounds.lock_attempts
    for attempt in range(1, attempts + 1):
        try:
            return _hold_at_once(target, name)
        except ConflictError as error:
            target.rollback()
            log.info("%s: waiting for a lock (%d of %d): %s", name, attempt, attempts, error.cause)
    raise ConflictError(
        f"{target.endpoint}: another run or session holds {name}",
        "let it finish (pg_stat_activity shows a run by DAG and task, pg_locks the others), then clear this task",
    )


def _hold_at_once(target: Session, name: QualifiedName) -> Table | None:
    target.execute("copy/lock.sql", {"table": str(name)})
    found = describe(target, name)
    if found is None:
        return None
    require_writable(target, found)
    target.execute("copy/hold_definition.sql", table=name)
    return describe_existing(target, name)


def _place(
    request: CopyRequest, source: Session, target: Session, target_table: Table | None, progress: Progress
) -> Copy:
    """Read the source's definition; create the target table, or check that the existing one holds its rows."""
    source_table = describe_existing(source, request.source_table)
    require_readable(source, source_table)
    wanted = Definition(source_table, request.target_table)
    if target_table is None:
        create(target, wanted)
    else:
        last_columns = ledger.last_columns(target, str(request.source_table), str(request.target_table))
        accept(wanted, target_table, last_columns)
    progress.expected_rows = source_table.estimated_rows
    return Copy(
        request=request,
        source=source,
        target=target,
        source_table=source_table,
        target_table=target_table,
        definition=wanted,
        comparison=_comparison(source, source_table, target, target_table),
        progress=progress,
    )


def _comparison(source: Session, source_table: Table, target: Session, target_table: Table | None) -> Comparison:
    keys, columns = source_table.keys, source_table.stored
    if target_table is not None:
        # The target's key is enough to match rows (a view has none): what it can't tell apart, the target can't hold.
        copied = {column.name for column in columns}
        keys = tuple(key for key in target_table.keys if copied.issuperset(key))
        # The target's type may be the wider one: what it could hold decides how values are compared.
        columns = tuple(target_table.by_name[column.name] for column in columns)
    return Comparison(
        columns=columns,
        key=keys[0] if keys else (),
        buckets=1,
        transcode=_encoding(source) != _encoding(target),
    )


def _encoding(session: Session) -> str:
    return str(session.one("catalog/server_encoding.sql").name)


def _load(copy: Copy) -> tuple[Relayed, bool]:
    """Stream the source's rows into an empty target directly, else into staging; tell which."""
    table, columns = copy.request.target_table, copy.columns
    staged = not copy.target.one("copy/is_empty.sql", table=table).empty
    if staged:
        staging.create_staging(copy.target, table, columns)
    binary = _binary(copy)
    read = render(
        "copy/read.sql",
        table=copy.request.source_table,
        columns=columns,
        # A plain COPY leaves out the rows of partitions and child tables, and refuses views.
        whole=copy.source_table.kind != "r" or copy.source_table.inherited,
        binary=binary,
    )
    write = render("copy/write.sql", table=staging.STAGING if staged else table, columns=columns, binary=binary)
    copy.target.use_role_search_path()
    with watch(copy.request.target, copy.target.backend, copy.progress) as report:
        return relay(copy.source, copy.target, read, write, report), staged


def _binary(copy: Copy) -> bool:
    """Tell whether every column may travel in binary: its value names nothing of one database, its type is one."""
    for column in copy.source_table.stored:
        target = None if copy.target_table is None else copy.target_table.by_name[column.name]
        if not column.binary or (target is not None and not same_type(target, column, copy.definition)):
            return False
    return True


def _complete(copy: Copy, relayed: Relayed) -> staging.Changes:
    """Finish a table that was filled directly: key, constraints and indexes where it is new, and statistics."""
    if copy.target_table is None:
        complete(copy.target, copy.definition)
    copy.target.execute("copy/analyze.sql", table=copy.request.target_table)
    return staging.Changes(inserted=relayed.rows)


def _merge(copy: Copy) -> staging.Changes:
    """Make the target's rows equal to the staged ones."""
    assert copy.target_table is not None  # noqa: S101 (a new table is filled directly)
    if copy.comparison.key:
        return staging.merge(copy.target, copy.target_table, copy.columns, copy.comparison.key)
    return staging.republish(copy.target, copy.target_table, copy.columns)


def _advance_sequences(copy: Copy) -> None:
    """Let the target's sequences go on after the copied values."""
    table = copy.request.target_table
    # The definition of a target that stood before is held since it was read.
    described = copy.target_table or describe_existing(copy.target, table)
    for column in described.stored:
        if column.sequence is not None and column.name in copy.columns and column.base in INTEGERS:
            values = {"sequence": quoted(column.sequence.name)}
            copy.target.execute("copy/advance_sequence.sql", values, table=table, column=column.name)


def _verify(copy: Copy, source_checksum: Future[dict[int, Bucket]]) -> None:
    """Compare both tables, bucket by bucket. Raises VerificationError, which names keys, where they differ."""
    copy.target.use_pinned_search_path()
    found, expected = copy.target_checksum(), source_checksum.result()
    buckets = differing_buckets(expected, found)
    if not buckets:
        return
    request = copy.request
    keys = copy.comparison.differing_keys(copy.source, request.source_table, copy.target, request.target_table, buckets)
    raise VerificationError(
        f"{request.target_table} would differ from {request.source_table} ({request.source}) in "
        f"{len(buckets)} of {copy.comparison.buckets} buckets, for example {', '.join(keys)}",
        "look for triggers of the target, or other writers, that change these rows; the target is unchanged",
    )


@contextmanager
def _in_background(work: Callable[[], T], cancel: Callable[[], None]) -> Iterator[Future[T]]:
    """Run `work` in a thread while the block runs; cancel it when the block fails."""
    with ThreadPoolExecutor(1, thread_name_prefix="checksum") as pool:
        future = pool.submit(work)
        try:
            yield future
        except BaseException:
            cancel()
            raise


def _entry(request: CopyRequest, started_at: datetime) -> dict[str, Any]:
    return {
        "source": str(request.source),
        "source_table": str(request.source_table),
        "target_table": str(request.target_table),
        "strategy": STRATEGY,
        "started_at": started_at,
    }


def _record_failure(request: CopyRequest, run: ledger.Run, started_at: datetime, error: PipelineError) -> None:
    """Note the failure in the ledger, if the target can be reached; what failed is raised by the caller anyway."""
    entry = ledger.Entry(**_entry(request, started_at), status="failed", error=error.cause)
    try:
        with Session(request.target, run.application_name) as target:
            ledger.ensure_ledger(target)
            ledger.record(target, run, entry)
            target.commit()
    except PipelineError as second:
        log.warning("%s: the failure is not in the ledger: %s", request.target_table, second.cause)
