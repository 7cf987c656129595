"""The contestants, each run by a process of its own: python -m benchmarks.contestants NAME JOB.

JOB is JSON without secrets (passwords come by PGPASSFILE). The last line of output is JSON: what the run took, or
`missing` for a contestant that can't run here. Connections are opened within the time; imports are not.

Every call of the engine is in this module.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks import peers, programs
from benchmarks.job import NAME, SOURCE_CONN, TARGET_CONN, Job, MissingPeerError, Steps, Work
from pgpipelines.catalog import describe_existing
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.relay import relay
from pgpipelines.copy.request import CopyRequest, Cursor, Selection, TableCopy
from pgpipelines.endpoints import Endpoint
from pgpipelines.ledger import Run
from pgpipelines.sessions import Session
from pgpipelines.templates import render

# What the engine names its steps.
LOAD, INDEXES, VERIFY = "load", "indexes", "verify"
# How many streams the scenarios after the initial load copy with.
STREAMS = 2


def engine(job: Job) -> Work:
    """Give the whole copy, from the first connection to the last."""
    options = job.options
    table = TableCopy(
        Selection(job.table), job.table, cursor=None if options.cursor is None else Cursor(options.cursor)
    )
    request = CopyRequest(
        Endpoint(SOURCE_CONN, job.source),
        Endpoint(TARGET_CONN, job.target),
        (table,),
        strategy=options.strategy,
        streams=options.streams,
        verify=options.verify,
    )

    def work() -> Steps:
        (result,) = copy_tables(request, Run(NAME, NAME, NAME)).tables
        return result.seconds

    return work


def relay_only(job: Job) -> Work:
    """Give the engine's stream alone, into a table that stands, and its commit."""
    with Session(Endpoint(SOURCE_CONN, job.source), NAME) as source:
        columns = [column.name for column in describe_existing(source, job.table).stored]
    read = render(
        "copy/read.sql",
        selection=Selection(job.table),
        leaf=None,
        columns=columns,
        pages=False,
        whole=True,
        binary=True,
    )
    write = render("copy/write.sql", table=job.table, columns=columns, binary=True)

    def work() -> Steps:
        with (
            Session(Endpoint(SOURCE_CONN, job.source), NAME, snapshot=True) as source,
            Session(Endpoint(TARGET_CONN, job.target), NAME) as target,
        ):
            relay(source, target, read, write, lambda: True)
            target.commit()
        return {}

    return work


CONTESTANTS: Mapping[str, Callable[[Job], Work]] = MappingProxyType(
    {
        contestant.__name__: contestant
        for contestant in (
            engine,
            relay_only,
            programs.psql_pipe,
            programs.psql_pipe_and_indexes,
            programs.psql_reload,
            programs.pg_dump_pipe,
            programs.directory_dump,
            programs.directory_dump_uncompressed,
            programs.pgcopydb,
            peers.hook_loop,
            peers.hook_loop_psycopg2,
            peers.hook_batches,
            peers.generic_transfer,
            peers.generic_transfer_psycopg2,
            peers.generic_transfer_paged,
            peers.generic_transfer_fast,
            peers.dlt_connectorx,
            peers.dlt_pyarrow,
            peers.dlt_sqlalchemy,
        )
    }
)


def measured(name: str, job: Job) -> dict[str, Any]:
    """Run a contestant and return what it took, in seconds and bytes, or what it lacks here."""
    try:
        work = CONTESTANTS[name](job)
    except (ImportError, MissingPeerError) as error:
        return {"missing": str(error)}
    cpu, started = _cpu_seconds(), time.perf_counter()
    steps = work()
    return {
        "seconds": time.perf_counter() - started,
        "client_cpu": _cpu_seconds() - cpu,
        "peak_bytes": peak_bytes(),
        "steps": dict(steps),
    }


def peak_bytes() -> int | None:
    """The peak of this process's resident memory; None on a machine without /proc.

    VmHWM begins anew with each program, where getrusage's ru_maxrss is inherited from the process that started it.
    """
    status = Path("/proc/self/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) * 1024 if found else None


def _cpu_seconds() -> float:
    """CPU seconds of this process and of the children that ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], Job.parse(sys.argv[2]))))
