"""Task, source server or target server are killed at random moments; the next run ends equal, and repeats little.

PGPIPELINES_KILLS says how many kills there are in all (at full size: 30 and more), PGPIPELINES_SEED when they come.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from demo.servers import Server, free_port
from pgpipelines.copy import loading
from pgpipelines.copy.publishing import TableResult
from pgpipelines.copy.request import Cursor
from tests.fixtures import copying
from tests.fixtures.copying import content
from tests.fixtures.servers import NUMBERS, THROW_AWAY, Database, server_folder
from tests.plugins.copy.test_concurrency import eventually, fill, left_behind, next_generation

ROOT = Path(__file__).resolve().parents[3]
SCENARIOS = ("load into a missing target", "load into an empty target", "refresh", "incremental")
VICTIMS = ("task", "source", "target")
KILLS = int(os.environ.get("PGPIPELINES_KILLS", "12"))
KILLS_OF_EACH = max(KILLS // (len(SCENARIOS) * len(VICTIMS)), 1)
SEED = int(os.environ.get("PGPIPELINES_SEED", "20261120"))
ROWS = 10_000
STREAMS = 2
BATCH_SIZE = 100
# The table is small, so are its pieces: as many of them as a large table has.
PIECE_BYTES = 8192
# A commit during a load does not wait for the disk, so a crash may take back what came in three times this. That is
# little beside the seconds that a piece of a large table takes; here it has to be little beside milliseconds.
WAL_WRITER_DELAY = {"wal_writer_delay": "1ms", "synchronous_commit": "on"}
MOST_REPEATED = 0.2

# A run of its own process, which says what it begins to load. The endpoints come through standard input, so no
# password is in its arguments.
COPY = f"""
import json, sys
from pgpipelines.copy import engine, loading
from pgpipelines.copy.request import CopyRequest, Cursor, Selection, TableCopy
from pgpipelines.ledger import Run
from pgpipelines.endpoints import Endpoint
from pgpipelines.templates import QualifiedName
engine.ATTEMPT_SECONDS = 0.5
loading.LEAST_CHUNK_BYTES = {PIECE_BYTES}
load = loading._load_chunk
def told(sides, plan, table, chunk, pair):
    sys.stdout.write(f"chunk {{chunk.number}}\\n")
    sys.stdout.flush()
    return load(sides, plan, table, chunk, pair)
loading._load_chunk = told
source, target, strategy = json.load(sys.stdin)
name = QualifiedName("public", "t")
tables = (TableCopy(Selection(name), name, cursor=Cursor("xmin"), batch_size={BATCH_SIZE}),)
request = CopyRequest(Endpoint("source", source), Endpoint("target", target), tables, strategy, streams={STREAMS})
sys.stdout.write("begins\\n")
sys.stdout.flush()
engine.copy_tables(request, Run("tests", "killed", "copy"))
"""


@dataclass(frozen=True)
class Pair:
    """Two servers that may be killed, and a database of each. `begun` counts how often each piece was begun."""

    source: Database
    target: Database
    begun: Counter[int] = field(default_factory=Counter)

    def run(self, strategy: str) -> TableResult:
        """A run that nobody kills, in this process."""
        options = {"cursor": Cursor("xmin"), "batch_size": BATCH_SIZE}
        return copying.copied(self.source, self.target, options=options, strategy=strategy, streams=STREAMS)

    @contextmanager
    def killable_run(self, strategy: str) -> Iterator[subprocess.Popen[str]]:
        """A run in a process of its own, from the moment that it begins until it has ended."""
        with subprocess.Popen(
            [sys.executable, "-c", COPY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "plugins")},
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            endpoints = [dict(side.endpoint.parameters) for side in (self.source, self.target)]
            process.stdin.write(json.dumps([*endpoints, strategy]))
            process.stdin.close()
            assert process.stdout.readline() == "begins\n"
            try:
                yield process
            except BaseException:
                process.kill()
                raise
            for line in process.stdout:
                self.begun[int(line.split()[1])] += 1

    def kill(self, victim: str, process: subprocess.Popen[str]) -> None:
        if victim == "task":
            process.kill()
            return
        server = (self.source if victim == "source" else self.target).server
        server.stop("immediate")
        server.start()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    """A source server and a target server that nobody else needs."""
    folder = server_folder("pgpipelines-kills-")
    settings = {**THROW_AWAY, **WAL_WRITER_DELAY}
    both = Server(folder / "source", 18, free_port(), settings), Server(folder / "target", 18, free_port(), settings)
    for server in both:
        server.create()
        server.start()
    yield both
    for server in both:
        server.stop("immediate")
    shutil.rmtree(folder)


@pytest.fixture
def pair(servers: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Two databases; a run of this process loads in small pieces too, and counts them."""
    name = f"test_{next(NUMBERS)}"
    for server in servers:
        connection = Database(server, "postgres").connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        connection.close()
    source, target = servers
    pair = Pair(Database(source, name), Database(target, name))
    load = loading._load_chunk

    def counted(sides: Any, plan: Any, table: Any, chunk: Any, sessions: Any) -> Any:
        pair.begun[chunk.number] += 1
        return load(sides, plan, table, chunk, sessions)

    monkeypatch.setattr(loading, "LEAST_CHUNK_BYTES", PIECE_BYTES)
    monkeypatch.setattr(loading, "_load_chunk", counted)
    return pair


def prepare(pair: Pair, scenario: str) -> str:
    """Make what a run of this scenario has to do; return its strategy."""
    if scenario == "refresh":
        next_generation(pair.source)
        return "full_refresh"
    if scenario == "incremental":
        pair.source.run("""
            UPDATE t SET generation = generation + 1 WHERE id % 2 = 0;
            INSERT INTO t SELECT m.id + g, m.id + g, 'new', 0
            FROM (SELECT max(id) AS id FROM t) AS m, generate_series(1, 100) AS g;
        """)
        return "incremental"
    pair.target.run("DROP TABLE t" if scenario == "load into a missing target" else "TRUNCATE t")
    return "full_refresh"


def present(database: Database) -> list[bytes] | None:
    return None if database.value("SELECT to_regclass('public.t') IS NULL") else content(database)


def left(pair: Pair) -> list[Any]:
    """What a clean run must not leave behind, on either side."""
    state = "SELECT target_table FROM pgpipelines.load UNION ALL SELECT target_table FROM pgpipelines.progress"
    return left_behind(pair.target) + left_behind(pair.source) + pair.target.rows(state)


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_killed_run_leaves_old_or_new_and_the_next_one_ends_equal(pair: Pair, scenario: str, victim: str) -> None:
    moments = random.Random(f"{SEED} {scenario} {victim}")
    fill(pair.source, ROWS)
    begin = time.monotonic()
    pair.run("full_refresh")
    whole, pieces = time.monotonic() - begin, len(pair.begun)
    assert pieces > 5 / MOST_REPEATED
    for _ in range(KILLS_OF_EACH):
        strategy = prepare(pair, scenario)
        old, new = present(pair.target), content(pair.source)
        pair.begun.clear()
        with pair.killable_run(strategy) as process:
            threading.Event().wait(moments.uniform(0, whole))
            pair.kill(victim, process)
        assert present(pair.target) in (old, new)
        pair.run(strategy)
        assert content(pair.target) == new
        assert eventually(lambda: left(pair) == []), left(pair)
        repeated = sum(pair.begun.values()) - len(pair.begun)
        assert repeated <= MOST_REPEATED * pieces, f"{repeated} of {pieces} pieces"
