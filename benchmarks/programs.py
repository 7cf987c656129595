"""The peers that are programs: psql, pg_dump, pg_restore and pgcopydb. Passwords come by PGPASSFILE."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg2.extensions import make_dsn

from benchmarks.job import Job, MissingPeerError, Steps, Work
from demo.servers import binaries
from pgpipelines.templates import quoted

JOBS = 2


def psql_pipe(job: Job) -> Work:
    """Give `psql -c "COPY … TO STDOUT" | psql -c "COPY … FROM STDIN"`, both in binary, into a table that stands."""
    _require(job, "psql")

    def work() -> Steps:
        _copy_rows(job)
        return {}

    return work


def psql_pipe_and_indexes(job: Job) -> Work:
    """Give the same pipe into a new table, and then, one after the other, the statements that make its indexes."""
    _require(job, "psql", "pg_dump")

    def work() -> Steps:
        copy_definition(job.major, job.source, job.target, "pre-data")
        _copy_rows(job)
        copy_definition(job.major, job.source, job.target, "post-data")
        return {}

    return work


def psql_reload(job: Job) -> Work:
    """Give the nightly reload: a table that stands with its indexes is emptied and filled by that pipe at once."""
    _require(job, "psql")

    def work() -> Steps:
        _copy_rows(job, "--single-transaction", "--command", f"TRUNCATE {quoted(job.table)}")
        return {}

    return work


def pg_dump_pipe(job: Job) -> Work:
    """Give `pg_dump | psql`."""
    _require(job, "psql", "pg_dump")

    def work() -> Steps:
        pipe(_pg_dump(job.major, job.source), _psql(job.major, job.target))
        return {}

    return work


def directory_dump(job: Job) -> Work:
    """Give `pg_dump -Fd -j2` and then `pg_restore -j2`, compressed as it is by default."""
    return _directory_dump(job)


def directory_dump_uncompressed(job: Job) -> Work:
    """Give the same without compression: a network that is slower than gzip would want it compressed."""
    return _directory_dump(job, "--compress=0")


def _directory_dump(job: Job, *options: str) -> Work:
    _require(job, "pg_dump", "pg_restore")
    folder = str(Path(job.folder) / "dump")
    jobs = f"--jobs={JOBS}"

    def work() -> Steps:
        _run([*_pg_dump(job.major, job.source), "--format=directory", jobs, *options, f"--file={folder}"])
        restore = [_program(job.major, "pg_restore"), "--no-owner", "--no-acl", "--exit-on-error", jobs]
        _run([*restore, "--dbname", make_dsn(**job.target), folder])
        return {}

    return work


def pgcopydb(job: Job) -> Work:
    """Give `pgcopydb clone` with two jobs for tables and two for indexes."""
    program = shutil.which("pgcopydb")
    if program is None:
        raise MissingPeerError("pgcopydb is not installed (Debian: apt-get install pgcopydb)")
    _require_compatible(program, job.major)
    command = [program, "clone", "--table-jobs", str(JOBS), "--index-jobs", str(JOBS), "--no-acl", "--no-owner"]
    command += ["--restart", "--dir", str(Path(job.folder) / "pgcopydb")]
    command += ["--source", _uri(job.source), "--target", _uri(job.target)]
    # It calls pg_dump and pg_restore, which have to be of the servers' version.
    environment = {**os.environ, "PATH": f"{binaries(job.major)}{os.pathsep}{os.environ['PATH']}"}

    def work() -> Steps:
        _run(command, environment)
        return {}

    return work


def copy_definition(
    major: int,
    source: Mapping[str, str],
    target: Mapping[str, str],
    *sections: str,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Make the source's tables (section pre-data), or their keys and indexes (post-data), on the target."""
    wanted = [f"--section={section}" for section in sections]
    pipe([*_pg_dump(major, source), "--schema-only", *wanted], _psql(major, target), environment)


def pipe(read: Sequence[str], write: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run two programs joined by a pipe. Raises CalledProcessError when one of them failed."""
    with subprocess.Popen(read, stdout=subprocess.PIPE, env=environment) as sender:
        subprocess.run(write, stdin=sender.stdout, stdout=subprocess.DEVNULL, env=environment, check=True)
    if sender.returncode != 0:
        raise subprocess.CalledProcessError(sender.returncode, read)


def _copy_rows(job: Job, *before: str) -> None:
    read = f"COPY {quoted(job.table)} TO STDOUT (FORMAT binary)"
    write = f"COPY {quoted(job.table)} FROM STDIN (FORMAT binary)"
    pipe(
        [*_psql(job.major, job.source), "--command", read],
        [*_psql(job.major, job.target), *before, "--command", write],
    )


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)


def _psql(major: int, database: Mapping[str, str]) -> list[str]:
    options = ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    return [_program(major, "psql"), *options, "--dbname", make_dsn(**database)]


def _pg_dump(major: int, database: Mapping[str, str]) -> list[str]:
    return [_program(major, "pg_dump"), "--no-owner", "--no-acl", "--dbname", make_dsn(**database)]


def _program(major: int, name: str) -> str:
    return str(binaries(major) / name)


def _require(job: Job, *names: str) -> None:
    """Raise MissingPeerError for a program that is not there; and have those that are in the disk's cache."""
    for name in names:
        try:
            subprocess.run([_program(job.major, name), "--version"], stdout=subprocess.DEVNULL, check=True)
        except FileNotFoundError:
            raise MissingPeerError(f"{name} of PostgreSQL {job.major} is not installed") from None


def _require_compatible(program: str, major: int) -> None:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    majors = re.findall(r"\d+", said.partition("compatible with Postgres")[2])
    if str(major) not in majors:
        raise MissingPeerError(f"pgcopydb as installed does not know PostgreSQL {major}, only {', '.join(majors)}")


def _uri(database: Mapping[str, str]) -> str:
    return "postgresql://{user}@{host}:{port}/{dbname}".format(**database)
