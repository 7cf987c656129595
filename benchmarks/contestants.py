"""The contestants, each run by a process of its own: python -m benchmarks.contestants NAME JOB.

JOB is JSON without secrets (passwords come by PGPASSFILE). The last line of output is JSON: what the run took, or
`missing` for a peer that is not installed. Connections are opened within the time; imports are not.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from psycopg2.extensions import make_dsn

from demo.servers import binaries
from pgpipelines.catalog import describe_existing
from pgpipelines.copy.engine import CopyRequest, copy_table
from pgpipelines.copy.relay import relay
from pgpipelines.ledger import Run
from pgpipelines.sessions import Endpoint, Session
from pgpipelines.templates import QualifiedName, quoted, render

NAME = "benchmark"
# The connections' names, set as AIRFLOW_CONN_BENCHMARK_SOURCE and AIRFLOW_CONN_BENCHMARK_TARGET.
SOURCE_CONN, TARGET_CONN = "benchmark_source", "benchmark_target"

# The batch size that such teams use.
PAGE_ROWS = 10_000

Steps = Mapping[str, float]
Work = Callable[[], Steps]


@dataclass(frozen=True)
class Job:
    """Two databases, as libpq keywords, and the tables to copy between them."""

    source: Mapping[str, str]
    target: Mapping[str, str]
    source_table: QualifiedName
    target_table: QualifiedName
    major: int

    @classmethod
    def parse(cls, text: str) -> Job:
        """Read what `as_json` of the other side wrote."""
        found = json.loads(text)
        tables = {name: QualifiedName(*found[name]) for name in ("source_table", "target_table")}
        return cls(source=found["source"], target=found["target"], major=found["major"], **tables)


def engine(job: Job) -> Work:
    """Give the whole copy: lock, place, load, merge, verify, publish."""
    request = CopyRequest(
        Endpoint(SOURCE_CONN, job.source), Endpoint(TARGET_CONN, job.target), job.source_table, job.target_table
    )
    return lambda: copy_table(request, Run(NAME, NAME, NAME)).seconds


def relay_only(job: Job) -> Work:
    """Give the engine's stream alone, into a table that stands, and its commit."""
    with Session(Endpoint(SOURCE_CONN, job.source), NAME) as source:
        columns = [column.name for column in describe_existing(source, job.source_table).stored]
    read = render("copy/read.sql", table=job.source_table, columns=columns, whole=False, binary=True)
    write = render("copy/write.sql", table=job.target_table, columns=columns, binary=True)

    def work() -> Steps:
        with (
            Session(Endpoint(SOURCE_CONN, job.source), NAME, snapshot=True) as source,
            Session(Endpoint(TARGET_CONN, job.target), NAME) as target,
        ):
            relay(source, target, read, write, lambda: True)
            target.commit()
        return {}

    return work


def psql_pipe(job: Job) -> Work:
    """Give `psql -c "COPY … TO STDOUT" | psql -c "COPY … FROM STDIN"`, both in binary."""
    psql = str(binaries(job.major) / "psql")
    subprocess.run([psql, "--version"], stdout=subprocess.DEVNULL, check=True)

    def command(database: Mapping[str, str], statement: str) -> list[str]:
        return [psql, "--quiet", "--no-psqlrc", "--dbname", make_dsn(**database), "--command", statement]

    def work() -> Steps:
        read = command(job.source, f"COPY {quoted(job.source_table)} TO STDOUT (FORMAT binary)")
        write = command(job.target, f"COPY {quoted(job.target_table)} FROM STDIN (FORMAT binary)")
        with subprocess.Popen(read, stdout=subprocess.PIPE) as sender:
            subprocess.run(write, stdin=sender.stdout, check=True)
        if sender.returncode != 0:
            raise RuntimeError("psql could not read the source")
        return {}

    return work


def hook_loop(job: Job) -> Work:
    """Give the loop that teams write: PostgresHook.get_records of the whole table, then insert_rows."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook  # noqa: PLC0415 (a peer that may be missing)

    def work() -> Steps:
        rows = PostgresHook(SOURCE_CONN).get_records(f"SELECT * FROM {quoted(job.source_table)}")
        target: Any = PostgresHook(TARGET_CONN)
        target.insert_rows(str(job.target_table), rows)
        return {}

    return work


def hook_batches(job: Job) -> Work:
    """Give the loop that can be repeated: ordered pages of 10,000 rows, written as upserts on the key."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook  # noqa: PLC0415 (a peer that may be missing)

    with Session(Endpoint(SOURCE_CONN, job.source), NAME) as session:
        columns = [column.name for column in describe_existing(session, job.source_table).stored]

    def work() -> Steps:
        source = PostgresHook(SOURCE_CONN)
        target: Any = PostgresHook(TARGET_CONN)
        select = f"SELECT * FROM {quoted(job.source_table)} ORDER BY id LIMIT {PAGE_ROWS} OFFSET"
        offset = 0
        while rows := source.get_records(f"{select} {offset}"):
            target.insert_rows(
                str(job.target_table), rows, columns, commit_every=PAGE_ROWS, replace=True, replace_index="id"
            )
            offset += len(rows)
        return {}

    return work


def generic_transfer(job: Job) -> Work:
    """Give GenericTransfer as documented."""
    return _generic_transfer(job)


def generic_transfer_paged(job: Job) -> Work:
    """Give GenericTransfer reading 10,000 rows a page, in an order: without one it reads some rows twice."""
    return _generic_transfer(job, order=" ORDER BY id", page_size=PAGE_ROWS)


def generic_transfer_fast(job: Job) -> Work:
    """Give GenericTransfer with every option of insert_rows that promises speed."""
    return _generic_transfer(
        job, insert_args={"executemany": True, "fast_executemany": True, "commit_every": PAGE_ROWS}
    )


def _generic_transfer(job: Job, order: str = "", **options: Any) -> Work:
    from airflow.providers.common.sql.operators.generic_transfer import GenericTransfer  # noqa: PLC0415 (a peer)

    operator = GenericTransfer(
        task_id=NAME,
        sql=f"SELECT * FROM {quoted(job.source_table)}{order}",
        source_conn_id=SOURCE_CONN,
        destination_conn_id=TARGET_CONN,
        destination_table=str(job.target_table),
        **options,
    )

    def work() -> Steps:
        operator.execute({})
        return {}

    return work


CONTESTANTS: Mapping[str, Callable[[Job], Work]] = MappingProxyType(
    {
        contestant.__name__: contestant
        for contestant in (
            engine,
            relay_only,
            psql_pipe,
            hook_loop,
            hook_batches,
            generic_transfer,
            generic_transfer_paged,
            generic_transfer_fast,
        )
    }
)


def measured(name: str, job: Job) -> dict[str, Any]:
    """Run a contestant and return what it took, in seconds and bytes, or what it lacks here."""
    try:
        work = CONTESTANTS[name](job)
    except (ImportError, FileNotFoundError) as error:
        return {"missing": str(error)}
    cpu, started = _cpu_seconds(), time.perf_counter()
    steps = work()
    return {
        "seconds": time.perf_counter() - started,
        "client_cpu": _cpu_seconds() - cpu,
        # Linux counts in KiB.
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "steps": dict(steps),
    }


def _cpu_seconds() -> float:
    """CPU seconds of this process and of the children that ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], Job.parse(sys.argv[2]))))
