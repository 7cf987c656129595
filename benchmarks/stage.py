"""Where the contestants meet: a source and a target server of their own, filled, and thrown away afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks.contestants import SOURCE_CONN, TARGET_CONN
from benchmarks.measure import Measured, run
from demo.servers import SUPERUSER, Server, free_port, installed_majors
from pgpipelines.templates import QualifiedName, Sql, render

MIB = 1024 * 1024
# What a row of charger_usage_log takes on disk with all its indexes, generously.
ROW_BYTES = 600
# The write-ahead log of two servers, and the rest.
SPARE_BYTES = 6 * 1024 * MIB

# charger_db as it is given, and one table of it with many rows: the key only, and on the target not even that.
GIVEN = QualifiedName("given", "charger_usage_log")
MANY = QualifiedName("many", "charger_usage_log")
LARGE = QualifiedName("large", "documents")
COPIED = QualifiedName("copied", "charger_usage_log")


class TooSmallError(Exception):
    """A machine without the disk that the benchmarks need."""


@dataclass(frozen=True)
class Sizes:
    """Rows of the two tables of sessions, rows and bytes of the large values, and how often each pair runs."""

    rows: int
    many_rows: int
    large_rows: int
    large_bytes: int
    rounds: int

    @property
    def disk_bytes(self) -> int:
        """The disk that both servers take at most, in bytes."""
        data = 2 * ROW_BYTES * (self.rows + self.many_rows) + self.large_bytes * (self.large_rows + 1)
        return data + min(SPARE_BYTES, 4 * data)


@dataclass(frozen=True)
class Stage:
    """Two running servers whose source is filled. `folder` holds all of it, and the password file."""

    source: Server
    target: Server
    sizes: Sizes
    folder: Path

    def run(self, contestant: str, source_table: QualifiedName, target_table: QualifiedName = COPIED) -> Measured:
        """Run a contestant once. Both servers have written out what they had before it starts."""
        for server in (self.source, self.target):
            execute(server, Sql("CHECKPOINT"))
        job = {
            "source": self._keywords(self.source),
            "target": self._keywords(self.target),
            "source_table": [source_table.schema, source_table.name],
            "target_table": [target_table.schema, target_table.name],
            "major": self.source.major,
        }
        return run(contestant, job, self._environment(), (self.source, self.target))

    def clear(self) -> None:
        """Drop whatever was copied."""
        execute(self.target, Sql("DROP SCHEMA IF EXISTS copied CASCADE"))

    def require_rows(self, contestant: str, rows: int, table: QualifiedName = COPIED) -> None:
        """Raise RuntimeError where another number of rows arrived than should have."""
        with closing(psycopg2.connect(self.target.dsn())) as connection, connection.cursor() as cursor:
            cursor.execute(render("benchmarks/count.sql", table=table))
            found = int(cursor.fetchall()[0][0])
        if found != rows:
            raise RuntimeError(f"{contestant} copied {found:,} of {rows:,} rows")

    def _environment(self) -> dict[str, str]:
        connections = {
            f"AIRFLOW_CONN_{name.upper()}": f"postgresql://{SUPERUSER}@127.0.0.1:{server.port}/postgres"
            for name, server in ((SOURCE_CONN, self.source), (TARGET_CONN, self.target))
        }
        return {"PGPASSFILE": str(self.folder / "pgpass"), "AIRFLOW_HOME": str(self.folder / "airflow"), **connections}

    def _keywords(self, server: Server) -> dict[str, str]:
        return {"host": "127.0.0.1", "port": str(server.port), "dbname": "postgres", "user": SUPERUSER}


@contextmanager
def stage(sizes: Sizes) -> Iterator[Stage]:
    """Make both servers and their data in a temporary folder. Raises TooSmallError before anything is made."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < sizes.disk_bytes:
        raise TooSmallError(
            f"{sizes.disk_bytes / 1e9:.0f} GB needed in {tempfile.gettempdir()}, {free / 1e9:.0f} GB free: "
            "set TMPDIR, or a smaller --scale"
        )
    folder = Path(tempfile.mkdtemp(prefix="pgpipelines-bench-"))
    folder.chmod(0o755)  # servers of a root user run as another account
    source, target = (Server(folder / name, installed_majors()[0], free_port()) for name in ("source", "target"))
    try:
        for server in (source, target):
            server.create()
            server.start()
        _write_password_file(folder / "pgpass", (source, target))
        _fill(source, target, sizes)
        yield Stage(source, target, sizes, folder)
    finally:
        for server in (source, target):
            server.stop("immediate")
        shutil.rmtree(folder)


def execute(server: Server, statement: Sql, values: Mapping[str, Any] | None = None) -> None:
    """Run a statement outside of any transaction."""
    with closing(psycopg2.connect(server.dsn())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values or {})


def _write_password_file(path: Path, servers: Iterable[Server]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"127.0.0.1:{server.port}:*:{SUPERUSER}:{server.password}\n" for server in servers))


def _fill(source: Server, target: Server, sizes: Sizes) -> None:
    schema = render("schema/charger_db.sql")
    for server in (source, target):
        execute(server, Sql(f"CREATE SCHEMA given; SET search_path = given; {schema}"))
    chargers = render("benchmarks/chargers.sql")
    execute(source, Sql(f"SET search_path = given; {chargers}"))
    execute(source, render("benchmarks/sessions.sql", table=GIVEN), {"rows": sizes.rows})
    execute(source, Sql("CREATE SCHEMA many; CREATE TABLE many.charger_usage_log (LIKE given.charger_usage_log)"))
    execute(source, render("benchmarks/sessions.sql", table=MANY), {"rows": sizes.many_rows})
    execute(source, Sql("ALTER TABLE many.charger_usage_log ADD PRIMARY KEY (id)"))
    execute(source, render("benchmarks/large_values.sql"), {"rows": sizes.large_rows, "bytes": sizes.large_bytes})
    execute(source, Sql("VACUUM (ANALYZE)"))
