"""Drills on a server that somebody lends: proven there as elsewhere, and nothing of that server is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pgpipelines.backup.drill import drill_set
from pgpipelines.backup.lent import NOTE, PREFIX
from pgpipelines.backup.manifest import write_manifest
from pgpipelines.backup.sets import DumpSet
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, ConnectionFailedError, VerificationError
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import again, fill, folder_of, take

OWN_SERVER = 8
ROLES = """
CREATE ROLE "the ""owner" NOLOGIN;
CREATE ROLE somebody LOGIN PASSWORD 'of-somebody' VALID UNTIL '2030-01-01';
GRANT "the ""owner" TO somebody;
GRANT pg_monitor TO postgres;
ALTER ROLE somebody SET work_mem = '8MB';
ALTER ROLE postgres SET work_mem = '9MB';
COMMENT ON ROLE postgres IS 'not for the server that is lent';
GRANT SET ON PARAMETER log_statement TO somebody, PUBLIC;
ALTER TABLE shop.item OWNER TO "the ""owner";
GRANT SELECT ON shop.item TO somebody;
"""
NO_ROLES = """
DROP OWNED BY somebody, "the ""owner" CASCADE;
DROP ROLE somebody, "the ""owner";
REVOKE pg_monitor FROM postgres;
ALTER ROLE postgres RESET work_mem;
COMMENT ON ROLE postgres IS NULL;
REVOKE SET ON PARAMETER log_statement FROM PUBLIC;
"""
STATE = """
SELECT 'role', to_jsonb(r)::text || shobj_description(r.oid, 'pg_authid') FROM pg_authid AS r
UNION ALL SELECT 'member', to_jsonb(m)::text FROM pg_auth_members AS m
UNION ALL SELECT 'setting', to_jsonb(s)::text FROM pg_db_role_setting AS s
UNION ALL SELECT 'parameter', to_jsonb(p)::text FROM pg_parameter_acl AS p
UNION ALL SELECT 'database', datname FROM pg_database
ORDER BY 1, 2
"""


@pytest.fixture
def lent(database_of: Callable[..., Database]) -> Iterator[Database]:
    """A server for drills, which is as it was when they are over."""
    database = database_of(nth=OWN_SERVER)
    before = database.rows(STATE)
    yield database
    assert database.rows(STATE) == before


@pytest.fixture
def full(source: Database) -> Iterator[Database]:
    """A database of everything, with roles."""
    fill(source).run(ROLES)
    yield source
    source.run(NO_ROLES)


def drill(taken: DumpSet, lent: Database) -> DumpSet:
    return drill_set(taken, "tests.drill", lent.endpoint)


def test_a_set_is_proven_on_a_server_that_is_lent(full: Database, lent: Database, tmp_path: Path) -> None:
    proven = drill(take(full, tmp_path), lent)
    assert proven.state == "proven"
    assert proven.drill is not None
    assert proven.drill.server_version == lent.value("SHOW server_version")


def test_drills_at_one_server_wait_for_each_other(full: Database, lent: Database, tmp_path: Path) -> None:
    sets = [take(full, tmp_path / name) for name in ("one", "other")]
    with ThreadPoolExecutor(2) as pool:
        assert [each.state for each in pool.map(lambda each: drill(each, lent), sets)] == ["proven", "proven"]


def test_what_is_otherwise_is_found_there_too(full: Database, lent: Database, tmp_path: Path) -> None:
    taken = take(full, tmp_path)
    manifest = taken.require_manifest()
    tables = tuple(replace(each, hash="1") if each.table.name == "item" else each for each in manifest.contents.tables)
    write_manifest(folder_of(taken), replace(manifest, contents=replace(manifest.contents, tables=tables)))
    with pytest.raises(VerificationError, match=r"table shop\.item: 500 rows as expected, but with other content"):
        drill(again(taken), lent)
    assert again(taken).state == "failed drill"


def test_what_a_dead_drill_has_left_is_dropped(full: Database, lent: Database, tmp_path: Path) -> None:
    before = lent.rows(STATE)
    for name, note in ((f"{PREFIX}x", NOTE + json.dumps(["somebody", "not made yet"])), (f"{PREFIX}y", "")):
        outside(lent.server, f"CREATE DATABASE {name}")
        outside(lent.server, f"COMMENT ON DATABASE {name} IS '{note}'")
    lent.run("CREATE ROLE somebody; GRANT SET ON PARAMETER work_mem TO somebody")
    assert drill(take(full, tmp_path), lent).state == "proven"
    assert lent.rows(STATE) == before


def refused(taken: DumpSet, endpoint: Endpoint) -> str:
    """Why a set is not tried on a server; the set is not called bad for that."""
    with pytest.raises(ConfigurationError) as error:
        drill_set(taken, "tests.drill", endpoint)
    assert again(taken).state == "whole"
    return error.value.cause


def test_the_server_that_was_dumped_is_refused(source: Database, tmp_path: Path) -> None:
    assert "is the server that the set was dumped from" in refused(take(source, tmp_path), source.endpoint)


def test_a_server_that_has_a_role_of_the_set_is_refused(full: Database, lent: Database, tmp_path: Path) -> None:
    lent.run("CREATE ROLE somebody SUPERUSER")
    try:
        assert refused(take(full, tmp_path), lent.endpoint).endswith(
            "has roles of the set already, which a drill would change: somebody"
        )
    finally:
        lent.run("DROP ROLE somebody")


def test_a_role_that_can_not_restore_all_is_refused(source: Database, lent: Database, tmp_path: Path) -> None:
    lent.run("CREATE ROLE mere LOGIN PASSWORD 'x'")
    try:
        cause = refused(take(source, tmp_path), lent.login("mere", "x").endpoint)
    finally:
        lent.run("DROP ROLE mere")
    assert cause.endswith("a drill restores roles, owners and extensions, and mere is no superuser there")


def test_an_older_server_is_refused(source: Database, database_of: Callable[..., Database], tmp_path: Path) -> None:
    assert "is of version 16" in refused(take(source, tmp_path), database_of(16).endpoint)


def test_a_server_that_is_away_says_nothing_of_the_set(source: Database, tmp_path: Path) -> None:
    taken = take(source, tmp_path)
    nowhere = Endpoint("lent", {**source.endpoint.parameters, "port": "1"})
    with pytest.raises(ConnectionFailedError):
        drill_set(taken, "tests.drill", nowhere)
    assert again(taken).state == "whole"


def test_a_server_that_was_made_by_another_role_is_refused(source: Database, lent: Database, tmp_path: Path) -> None:
    taken = take(source, tmp_path)
    write_manifest(folder_of(taken), replace(taken.require_manifest(), first_role="azure root"))
    cause = refused(again(taken), lent.endpoint)
    assert 'was made by the role postgres, and the server of the set by "azure root"' in cause
