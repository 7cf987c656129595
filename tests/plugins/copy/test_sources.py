"""Copies from a replica and through a pooler."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from pgpipelines.copy import loading
from pgpipelines.copy.request import CopyRequest, Cursor
from pgpipelines.errors import ConfigurationError
from tests.fixtures.copying import content, copied, copy_table, request
from tests.fixtures.poolers import Pooler
from tests.fixtures.replicas import Replica
from tests.fixtures.servers import Database

TABLE = """
    CREATE TABLE t (id int PRIMARY KEY, v text, at timestamptz DEFAULT now());
    INSERT INTO t (id, v) SELECT g, 'v' || g FROM generate_series(1, 3000) AS g; CREATE INDEX ON t (at); ANALYZE t;
"""
CHANGE = """
    UPDATE t SET v = 'new', at = now() WHERE id % 100 = 0; DELETE FROM t WHERE id = 7;
    INSERT INTO t (id, v) VALUES (3001, 'more');
"""


@pytest.mark.parametrize("cursor", ["xmin", "at"])
def test_a_replica_is_as_good_a_source(
    source: Database, target: Database, replica_of: Callable[..., Replica], cursor: str
) -> None:
    replica = replica_of(source.server)
    source.run(TABLE)
    replica.catch_up()
    follow = {"cursor": Cursor(cursor)}
    copied(replica.of(source), target, options=follow, streams=2)
    assert content(source) == content(target)
    with closing(source.connect()) as late:
        late.cursor().execute("INSERT INTO t (id, v) VALUES (4000, 'late')")
        source.run(CHANGE)
        replica.catch_up()
        result = copied(replica.of(source), target, options=follow, strategy="incremental")
        assert result.changes.updated == 30
        late.commit()
    replica.catch_up()
    assert copied(replica.of(source), target, options=follow, strategy="incremental").changes.inserted == 1
    assert copied(replica.of(source), target).changes.deleted == 1
    assert content(source) == content(target)


def test_a_replica_is_no_target(source: Database, target: Database, replica_of: Callable[..., Replica]) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY)")
    with pytest.raises(ConfigurationError, match="during recovery") as caught:
        copied(source, replica_of(target.server).of(target))
    assert "a target must be no replica" in caught.value.remedy


def test_a_conflict_with_recovery_leads_to_another_attempt_that_keeps_what_was_loaded(
    source: Database,
    target: Database,
    replica_of: Callable[..., Replica],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    replica = replica_of(source.server, max_standby_streaming_delay="0")
    monkeypatch.setattr(loading, "LEAST_CHUNK_BYTES", 8192)
    source.run(TABLE)
    replica.catch_up()
    real, done = loading._load_chunk, 0

    def conflicting(*arguments: object, **options: object) -> object:
        nonlocal done
        done += 1
        if done == 10:
            source.run("UPDATE t SET v = 'gone' WHERE id > 2900; DELETE FROM t WHERE id < 100")
            with closing(source.connect()) as cleaner:
                cleaner.autocommit = True
                cleaner.cursor().execute("VACUUM t")
            replica.catch_up()
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loading, "_load_chunk", conflicting)
    copied(replica.of(source), target, options={"batch_size": 100})
    assert content(source) == content(target)
    assert "attempt 1 of 3 ended" in caplog.text
    assert "conflict with recovery" in caplog.text
    assert target.value("SELECT count(*) FROM pgpipelines.ledger WHERE status = 'failed'") == 0


def through_pool(pooler: Pooler, wanted: CopyRequest, source: Database, target: Database) -> CopyRequest:
    return replace(wanted, source=pooler.through(source), target=pooler.through(target))


def test_a_pooler_in_session_mode_is_as_good_as_the_servers(
    source: Database, target: Database, pooler_of: Callable[..., Pooler]
) -> None:
    pooler = pooler_of(source, "session", default_pool_size=20)
    source.run(TABLE)
    wanted = through_pool(pooler, request(source, target, streams=2), source, target)
    copy_table(wanted)
    source.run(CHANGE)
    assert copy_table(wanted).changes.deleted == 1
    assert content(source) == content(target)


def test_a_pooler_in_transaction_mode_is_refused(
    source: Database, target: Database, pooler_of: Callable[..., Pooler]
) -> None:
    pooler = pooler_of(source, "transaction")
    source.run(TABLE)
    with pytest.raises(ConfigurationError, match="gives this session's server process to others"):
        copy_table(through_pool(pooler, request(source, target), source, target))


def test_a_lookback_finds_what_a_clock_of_its_own_dated_back(source: Database, target: Database) -> None:
    source.run(TABLE)
    source.run("CREATE VIEW seen AS SELECT * FROM t")
    target.run("CREATE TABLE seen (id int PRIMARY KEY, v text, at timestamptz)")
    follow = {"cursor": Cursor("at", timedelta(hours=1))}
    copied(source, target, "seen", options=follow)
    source.run("INSERT INTO t VALUES (5000, 'dated back', now() - interval '50 minutes')")
    copied(source, target, "seen", options=follow, strategy="incremental")
    assert content(source) == content(target, "seen")
