"""python -m pgpipelines.backup restore: what the DAG does, for whom Airflow is gone too.

The server is the one that psql would connect to: PGHOST, PGPORT, PGUSER, and a password from PGPASSWORD or ~/.pgpass.
"""

from __future__ import annotations

import logging
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from datetime import datetime, timezone

from pgpipelines.backup.restore.choosing import find
from pgpipelines.backup.restore.engine import Wanted, restore_set
from pgpipelines.configuration import Dumps
from pgpipelines.endpoints import Endpoint
from pgpipelines.ledger import Run
from pgpipelines.table_names import parse_table_name

VARIABLES = (("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER"))


def restore_command(pipelines: Mapping[str, Dumps], chosen: Namespace) -> tuple[list[str], bool]:
    """Restores a set into the server that psql would connect to (PGHOST, PGPORT, PGUSER, ~/.pgpass)."""
    # The first connection that a pipeline dumps is the one that is meant unless another is named.
    first = next((conn_id for pipeline in pipelines.values() for conn_id in pipeline.databases), "")
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
    found = find(pipelines, chosen.connection or first, chosen.set)
    wanted = Wanted(
        server=Endpoint("server", {name: os.environ[key] for name, key in VARIABLES if os.environ.get(key)}),
        database=chosen.database or found.require_manifest().database,
        mode="data_only" if chosen.data_only else "tables" if chosen.tables else "whole",
        tables=tuple(map(parse_table_name, chosen.tables)),
        replace=chosen.replace,
        roles=not chosen.no_roles,
        end_sessions=chosen.end_sessions,
    )
    done = restore_set(found, wanted, Run("command", f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}", "restore"))
    said = f"{found.name} is restored into {wanted.database}: {done.tables} tables, {done.rows:,} rows"
    return [f"{said}, {done.seconds:.1f} s", *done.notices], True


def restore_arguments(parser: ArgumentParser) -> None:
    """What can be said."""
    add = parser.add_argument
    add("--connection", default="", help="whose sets are meant (default: the first that a pipeline dumps)")
    add("--set", default="", help="a set's name, or a time with its zone (default: the newest that is proven)")
    add("--database", default="", help="the database to restore into (default: its name when it was dumped)")
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--data-only", action="store_true", help="the rows of all tables, into tables that are there")
    some.add_argument("--tables", nargs="+", default=[], metavar="TABLE", help="the rows of these tables")
    add("--replace", action="store_true", help="replace what is there; a whole database is kept under another name")
    add("--end-sessions", action="store_true", help="throw out who is in the database that is replaced")
    add("--no-roles", action="store_true", help="make no roles that the server lacks")
