"""The memory of a copying process is bounded by bytes, not by rows.

Sizes are small here; PGPIPELINES_MEMORY_ROWS and PGPIPELINES_FIELDS set others (at full size: 3000000 and 200).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.servers import Database

ROOT = Path(__file__).resolve().parents[3]
ROWS = int(os.environ.get("PGPIPELINES_MEMORY_ROWS", "300000"))
FIELDS = int(os.environ.get("PGPIPELINES_FIELDS", "3"))
FIELD_BYTES = 50_000_000

# Prints the highest resident memory, in MB, that copying a table needed.
COPY = """
import json, re, sys
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.request import CopyRequest, Selection, TableCopy
from pgpipelines.ledger import Run
from pgpipelines.endpoints import Endpoint
from pgpipelines.templates import QualifiedName
source, target = json.load(sys.stdin)
name = QualifiedName("public", "t")
tables = (TableCopy(Selection(name), name),)
copy_tables(CopyRequest(Endpoint("source", source), Endpoint("target", target), tables), Run("tests", "big", "copy"))
# Not ru_maxrss: that of a new process begins with what the process that started it had.
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) / 1024)
"""


def megabytes_to_copy(source: Database, target: Database) -> float:
    done = subprocess.run(
        [sys.executable, "-c", COPY],
        input=json.dumps([dict(database.endpoint.parameters) for database in (source, target)]),
        env={**os.environ, "PYTHONPATH": str(ROOT / "plugins")},
        text=True,
        capture_output=True,
        check=True,
    )
    return float(done.stdout)


def test_many_rows_need_no_more_memory_than_few(source: Database, target: Database) -> None:
    source.run(
        f"CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'x' FROM generate_series(1, {ROWS}) AS g"
    )
    assert megabytes_to_copy(source, target) <= 150
    source.run("UPDATE t SET v = 'y' WHERE id % 3 = 0")
    assert megabytes_to_copy(source, target) <= 150


@pytest.mark.parametrize(("type_name", "transport"), [("bytea", "binary"), ("text", "binary"), ("text", "text")])
def test_large_fields_need_memory_for_one_at_a_time(
    source: Database, target: Database, type_name: str, transport: str
) -> None:
    # A regclass means something else in another database, so it makes the whole table travel as text.
    other = "regclass" if transport == "text" else "int"
    source.run(f"CREATE TABLE t (id int PRIMARY KEY, other {other}, v {type_name})")
    source.run("ALTER TABLE t ALTER COLUMN v SET STORAGE EXTERNAL")
    value = f"convert_to(repeat('x', {FIELD_BYTES}), 'UTF8')" if type_name == "bytea" else f"repeat('x', {FIELD_BYTES})"
    source.run(f"INSERT INTO t SELECT g, NULL, {value} FROM generate_series(1, {FIELDS}) AS g")
    assert megabytes_to_copy(source, target) <= 250
