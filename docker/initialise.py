"""Prepares the metadata database at each `docker compose up`: migrates it, makes the first administrator and the pools.

The image's own way (_AIRFLOW_DB_MIGRATE) goes on after a failed migration, and passes the password as an
argument, which every process list shows.
"""

from __future__ import annotations

import os
import sys

from airflow.cli.cli_parser import get_parser
from airflow.exceptions import AirflowException
from airflow.models.crypto import get_fernet
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

POOL_DESCRIPTION = "tasks that read this source at a time"


def airflow(*arguments: str) -> None:
    """Run one of Airflow's commands inside this process; a failure ends it with a status other than 0."""
    command = get_parser().parse_args(arguments)
    command.func(command)


def require_fernet_key() -> None:
    """Leave where the key can't encrypt: Airflow would find out when the first connection is saved."""
    try:
        get_fernet()
    except AirflowException:
        sys.exit("FERNET_KEY in .env must be 32 random bytes in base64: .env.example says how to make one")


def make_administrator(username: str, email: str, password: str) -> None:
    """Make the first administrator; an account of that name stays as it is, also its password."""
    with get_application_builder() as builder:
        holder = builder.sm.find_user(email=email)
        if holder is not None and holder.username.lower() != username.lower():
            sys.exit(
                f"ADMIN_EMAIL in .env is that of the account {holder.username}: "
                "put ADMIN_USER back, or give another ADMIN_EMAIL to make a second administrator"
            )
    airflow(
        "users",
        "create",
        "--role=Admin",
        "--firstname=Airflow",
        "--lastname=Administrator",
        f"--username={username}",
        f"--email={email}",
        f"--password={password}",
    )


def make_pools(named: str) -> None:
    """Make the pools of "name=slots,name=slots" that are missing; one that stands keeps the slots that it has."""
    for name, _, slots in (part.strip().partition("=") for part in named.split(",") if part.strip()):
        try:
            airflow("pools", "get", name)
        except SystemExit:  # there is none
            airflow("pools", "set", name, slots, POOL_DESCRIPTION)


def main() -> None:
    """Migrate, then make what is missing."""
    require_fernet_key()
    airflow("db", "migrate")
    make_administrator(os.environ["ADMIN_USER"], os.environ["ADMIN_EMAIL"], os.environ["ADMIN_PASSWORD"])
    make_pools(os.environ.get("PGPIPELINES_POOLS", ""))


if __name__ == "__main__":
    main()
