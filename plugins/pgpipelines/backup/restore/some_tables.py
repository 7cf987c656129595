"""What of a set has to be restored for some of its tables: all definitions, but the rows of these tables only."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from psycopg2.extensions import encodings

from pgpipelines.backup.contents import Contents, LargeObjects
from pgpipelines.backup.manifest import DUMPS, Manifest
from pgpipelines.backup.processes import run
from pgpipelines.backup.programs import Programs
from pgpipelines.templates import QualifiedName

# Formats whose parts pg_restore can choose from.
WITH_PARTS = ("custom", "directory")
# Rows of other kinds; and foreign keys, which would miss the rows that they point to.
NOT_NEEDED = re.compile(rb"\d+; \d+ \d+ (MATERIALIZED VIEW DATA|BLOB|LARGE OBJECT|FK CONSTRAINT)")
TABLE_DATA = re.compile(rb"\d+; \d+ \d+ TABLE DATA (.*)")


def can_choose(manifest: Manifest, named: Collection[QualifiedName]) -> bool:
    """Tell whether these tables can be restored by themselves: a partitioned one has its rows in others."""
    return (
        bool(named) and manifest.format in WITH_PARTS and {*named} <= {each.table for each in manifest.contents.tables}
    )


def write_entries(
    programs: Programs, folder: Path, manifest: Manifest, named: Collection[QualifiedName], entries: Path
) -> Path:
    """Write the list of what pg_restore is to restore, and return where it is."""
    run([programs.path("pg_restore"), "--list", f"--file={entries}", str(folder / DUMPS[manifest.format])])
    # As pg_restore shows them. One that merely begins alike is restored too, which does no harm.
    shown = (re.sub("[\r\n]", " ", f"{name.schema} {name.name} ") for name in named)
    begins = tuple(text.encode(encodings[manifest.encoding]) for text in shown)
    entries.write_bytes(b"".join(line for line in entries.read_bytes().splitlines(True) if _is_needed(line, begins)))
    return entries


def only(contents: Contents, named: Collection[QualifiedName]) -> Contents:
    """What of a database's contents is of these tables."""
    tables = tuple(each for each in contents.tables if each.table in named)
    return replace(contents, tables=tables, large_objects=LargeObjects(0, 0, "0"))


def _is_needed(line: bytes, begins: tuple[bytes, ...]) -> bool:
    data = TABLE_DATA.match(line)
    return data[1].startswith(begins) if data else not NOT_NEEDED.match(line)
