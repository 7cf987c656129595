"""The peers in Python: what teams write with Airflow's own parts, and dlt."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.job import NAME, SOURCE_CONN, TARGET_CONN, Job, Steps, Work
from pgpipelines.templates import quoted

# The batch size that such teams use.
PAGE_ROWS = 10_000


def hook_loop(job: Job) -> Work:
    """Give the loop that teams write: PostgresHook.get_records of the whole table, then insert_rows."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook  # noqa: PLC0415 (a peer that may be missing)

    _import_the_rest()

    def work() -> Steps:
        rows = PostgresHook(SOURCE_CONN).get_records(f"SELECT * FROM {quoted(job.table)}")
        target: Any = PostgresHook(TARGET_CONN)
        target.insert_rows(str(job.table), rows)
        return {}

    return work


def hook_loop_psycopg2(job: Job) -> Work:
    """Give the same loop on the driver that it has in Airflow until 3.1."""
    _as_before_sqlalchemy_2()
    return hook_loop(job)


def hook_batches(job: Job) -> Work:
    """Give the loop that can be repeated: ordered pages of 10,000 rows, written as upserts on the key."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook  # noqa: PLC0415 (a peer that may be missing)

    listed = PostgresHook(SOURCE_CONN).get_records(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        [quoted(job.table)],
    )
    columns = [name for (name,) in listed]

    def work() -> Steps:
        source = PostgresHook(SOURCE_CONN)
        target: Any = PostgresHook(TARGET_CONN)
        select = f"SELECT * FROM {quoted(job.table)} ORDER BY id LIMIT {PAGE_ROWS} OFFSET"
        offset = 0
        while rows := source.get_records(f"{select} {offset}"):
            target.insert_rows(str(job.table), rows, columns, commit_every=PAGE_ROWS, replace=True, replace_index="id")
            offset += len(rows)
        return {}

    return work


def generic_transfer(job: Job) -> Work:
    """Give GenericTransfer as documented."""
    return _generic_transfer(job)


def generic_transfer_psycopg2(job: Job) -> Work:
    """Give GenericTransfer on the driver that it has in Airflow until 3.1."""
    _as_before_sqlalchemy_2()
    return generic_transfer(job)


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
        sql=f"SELECT * FROM {quoted(job.table)}{order}",
        source_conn_id=SOURCE_CONN,
        destination_conn_id=TARGET_CONN,
        destination_table=str(job.table),
        **options,
    )

    _import_the_rest()

    def work() -> Steps:
        operator.execute({})
        return {}

    return work


def _import_the_rest() -> None:
    """Have the hook run a statement: it imports hundreds of modules with its first one, which no time is to hold."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook  # noqa: PLC0415 (a peer that may be missing)

    PostgresHook(SOURCE_CONN).get_records("SELECT 1")


def _as_before_sqlalchemy_2() -> None:
    """Have the hook choose psycopg 2, as it does where it finds SQLAlchemy 1.4.

    A dict read from jsonb is adapted then, which its users do themselves: psycopg 2 refuses to write it.
    """
    from airflow.providers.postgres.hooks import postgres  # noqa: PLC0415 (a peer that may be missing)
    from psycopg2.extensions import register_adapter  # noqa: PLC0415 (the peer's driver)
    from psycopg2.extras import Json  # noqa: PLC0415 (the same)

    postgres.USE_PSYCOPG3 = False
    register_adapter(dict, Json)


def dlt_connectorx(job: Job) -> Work:
    """Give dlt reading by ConnectorX, the fastest of its documented backends, in streamed Arrow batches."""
    require("connectorx", "pyarrow")
    return _dlt(job, "connectorx", {"conn": _uri(job.source), "return_type": "arrow_stream"})


def dlt_pyarrow(job: Job) -> Work:
    """Give dlt reading by SQLAlchemy into Arrow tables."""
    require("pyarrow")
    return _dlt(job, "pyarrow", {"tz": "UTC"})


def dlt_sqlalchemy(job: Job) -> Work:
    """Give dlt with its default backend, which needs neither of the others."""
    return _dlt(job, "sqlalchemy", {})


def _dlt(job: Job, backend: str, backend_kwargs: dict[str, str]) -> Work:
    """Give dlt writing CSV files that are streamed into COPY: its documented fast way into PostgreSQL.

    Two processes normalise, and files are cut so that several are loaded at once.
    """
    # Its configuration; file and environment are the only places that take it.
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "NORMALIZE__WORKERS": "2",
        "SOURCES__DATA_WRITER__FILE_MAX_ITEMS": "500000",
        "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "500000",
    }
    import dlt  # type: ignore[import-not-found] # noqa: PLC0415 (a peer that may be missing)
    from dlt.sources.sql_database import sql_table  # type: ignore[import-not-found] # noqa: PLC0415 (the same)

    def work() -> Steps:
        resource = sql_table(
            _uri(job.source),
            table=job.table.name,
            schema=job.table.schema,
            chunk_size=100_000,
            backend=backend,
            backend_kwargs=backend_kwargs,
            reflection_level="full_with_precision",
        )
        if backend == "connectorx":
            from dlt.sources.sql_database.helpers import (  # type: ignore[import-not-found] # noqa: PLC0415 (a peer)
                unwrap_json_connector_x,
            )

            resource.add_map(unwrap_json_connector_x("extra_data"))
        pipeline = dlt.pipeline(
            NAME,
            pipelines_dir=job.folder,
            destination=dlt.destinations.postgres(_uri(job.target)),
            dataset_name=job.table.schema,
        )
        pipeline.run(
            resource, table_name=job.table.name, write_disposition="replace", loader_file_format="csv"
        ).raise_on_failed_jobs()
        return {}

    return work


def require(*modules: str) -> None:
    """Raise ImportError for a module that another one would import when its time runs already."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ImportError(f"No module named {module!r}")


def _uri(database: Mapping[str, str]) -> str:
    """A URL with the password in it, made inside this process: dlt and ConnectorX read no PGPASSFILE."""
    lines = (line.split(":") for line in Path(os.environ["PGPASSFILE"]).read_text().splitlines())
    password = next(password for _, port, _, _, password in lines if port == database["port"])
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**database, password=password)
