"""Draws docs/images/charger-statistics.svg from the charger statistics of a database, such as that of `make demo`.

Usage: python docs/draw_statistics.py, with PGPIPELINES_STATISTICS_DSN in the environment: a libpq connection string of
a role that may read the statistics, such as 'host=127.0.0.1 port=15433 dbname=warehouse user=postgres'; PGPASSWORD
beside it. Another file can be named as the argument.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "charger-statistics.svg"
DSN = "PGPIPELINES_STATISTICS_DSN"


def main(file: Path = PICTURE) -> int:
    """Draw the picture, and return the exit status."""
    sys.path[:0] = [str(ROOT), str(ROOT / "plugins")]
    from psycopg2.extensions import parse_dsn  # noqa: PLC0415 (in the order of the others)

    from demo.statistics import picture  # noqa: PLC0415 (the repository's root is no package)
    from pgpipelines.endpoints import Endpoint  # noqa: PLC0415 (as above)
    from pgpipelines.errors import PipelineError  # noqa: PLC0415 (as above)

    if not os.environ.get(DSN):
        return fail(f"{DSN} is not set: the connection string of the database that has the statistics")
    try:
        drawn = picture(Endpoint("statistics", parse_dsn(os.environ[DSN])))
    except PipelineError as error:
        return fail(str(error))
    if drawn is None:
        return fail("the statistics have no rows: let charger_stats run first")
    file.write_text(drawn, encoding="utf-8")
    return 0


def fail(message: str) -> int:
    """Say in one line what is in the way."""
    sys.stderr.write(f"pgpipelines: {' '.join(message.split())}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
