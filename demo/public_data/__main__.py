"""Loads files of public charging data into charger_db.

Usage: python -m demo.public_data LAYOUT FILE…, where LAYOUT is one of

    korea      Baek, Lee, Kim: electric vehicle charging transactions (Scientific Data 2024), CSV
    palo_alto  City of Palo Alto: Electric Vehicle Charging Station Usage, CSV
    acn        ACN-Data of Caltech, JSON

The database is the one of the environment's PGPIPELINES_CHARGER_DSN, as the simulator's is: a libpq connection string
of the application's role. All files become rows in one transaction; loading them again changes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg2

from demo.errors import DemoError
from demo.public_data.loading import LAYOUTS, Loaded, load

DSN = "PGPIPELINES_CHARGER_DSN"


def main(arguments: Sequence[str] | None = None) -> int:
    """Load what the arguments name, say what was found, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.public_data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("layout", choices=sorted(LAYOUTS), metavar="LAYOUT")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    dsn = os.environ.get(DSN)
    if not dsn:
        return fail(f"{DSN} is not set: the connection string of charger_db, as its application's role")
    try:
        loaded = load(dsn, given.layout, given.files, lambda line: print(line, file=sys.stderr))
    except (DemoError, OSError, psycopg2.Error) as error:
        return fail(f"nothing was loaded: {error}")
    print(summary(loaded))
    return 0


def summary(loaded: Loaded) -> str:
    """What was done, and how many lines are odd in which way."""
    before = loaded.lines - loaded.unreadable - loaded.added - loaded.changed
    lines = [
        f"{loaded.lines:,} lines: {loaded.unreadable:,} not readable (named above), {loaded.added:,} sessions new, "
        f"{loaded.changed:,} changed, {before:,} as before",
        f"{loaded.stations:,} stations new, {loaded.chargers:,} chargers new",
    ]
    lines += [f"  {kind.replace('_', ' ')}: {count:,}" for kind, count in loaded.odd.items() if count]
    return "\n".join(lines)


def fail(message: str) -> int:
    """Say in one line what is in the way."""
    print(f"pgpipelines: {' '.join(message.split())}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
