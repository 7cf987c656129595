"""Who runs, and under which name in the report."""

from __future__ import annotations

from benchmarks.contestants import STREAMS
from benchmarks.job import Options
from benchmarks.rounds import Entry

RELAY = Entry("pgpipelines relay", "relay_only", target="bare", indexes=False)
PSQL = Entry("psql \\| psql, binary", "psql_pipe", target="bare", indexes=False)

# The whole copy, against what teams write with Airflow's own parts.
PROVEN = Entry("pgpipelines, proven", "engine")
PSQL_AND_INDEXES = Entry("psql \\| psql, binary, then the indexes", "psql_pipe_and_indexes", once=True)
GET_RECORDS = Entry("get_records + insert_rows of PostgresHook", "hook_loop", target="finished")
GENERIC_TRANSFER = Entry("GenericTransfer", "generic_transfer", target="finished")
AIRFLOW = (
    GET_RECORDS,
    Entry("get_records + insert_rows, upserts in ordered pages of 10,000", "hook_batches", target="finished"),
    GENERIC_TRANSFER,
    Entry("GenericTransfer, executemany, fast_executemany", "generic_transfer_fast", target="finished"),
    Entry("GenericTransfer, ordered pages of 10,000", "generic_transfer_paged", target="finished"),
    Entry("get_records + insert_rows, psycopg 2", "hook_loop_psycopg2", target="finished", once=True),
    Entry("GenericTransfer, psycopg 2", "generic_transfer_psycopg2", target="finished", once=True),
)

# The initial load, against those that copy whole tables.
ONE_STREAM = Entry("pgpipelines, 1 stream, checksum", "engine", once=True)
TWO_STREAMS = Entry("pgpipelines, 2 streams, checksum", "engine", Options(streams=2))
PGCOPYDB = Entry("pgcopydb clone, 2 table jobs, 2 index jobs", "pgcopydb")
DIRECTORY_DUMP = Entry("pg_dump -Fd -j2, pg_restore -j2", "directory_dump")
LOADERS = (
    ONE_STREAM,
    TWO_STREAMS,
    PGCOPYDB,
    DIRECTORY_DUMP,
    Entry("pg_dump -Fd -j2 -Z0, pg_restore -j2", "directory_dump_uncompressed", once=True),
    Entry("pg_dump \\| psql", "pg_dump_pipe", once=True),
    PSQL_AND_INDEXES,
    Entry("dlt, connectorx, CSV; no indexes", "dlt_connectorx", indexes=False, once=True),
    Entry("dlt, pyarrow, CSV; no indexes", "dlt_pyarrow", indexes=False, once=True),
    Entry("dlt, sqlalchemy, CSV; no indexes", "dlt_sqlalchemy", indexes=False, once=True),
)

CHECKED = Entry("verify: checksum", "engine", Options(streams=STREAMS))
COUNTED = Entry("verify: count", "engine", Options(streams=STREAMS, verify="count"))
