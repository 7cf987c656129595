"""Prepares the metadata database at each `docker compose up`: migrates it and makes the first administrator.

The image's own way (_AIRFLOW_DB_MIGRATE) goes on after a failed migration, and passes the password as an
argument, which every process list shows.
"""

from __future__ import annotations

import os

from airflow.cli.cli_parser import get_parser


def airflow(*arguments: str) -> None:
    """Run one of Airflow's commands inside this process; a failure ends it with a status other than 0."""
    command = get_parser().parse_args(arguments)
    command.func(command)


def main() -> None:
    """Migrate, then make the administrator, whom a later start leaves as he is (also his password)."""
    airflow("db", "migrate")
    airflow(
        "users",
        "create",
        "--role=Admin",
        "--firstname=Airflow",
        "--lastname=Administrator",
        f"--username={os.environ['ADMIN_USER']}",
        f"--email={os.environ['ADMIN_EMAIL']}",
        f"--password={os.environ['ADMIN_PASSWORD']}",
    )


if __name__ == "__main__":
    main()
