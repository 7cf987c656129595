"""Owners, grants and settings come back as they were; roles are made where they are missing; whose work that is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo import roles
from pgpipelines.backup.sets import DumpSet
from pgpipelines.errors import MissingObjectError, PrivilegeError
from tests.fixtures.servers import Database, outside
from tests.plugins.backup.databases import MANY_KINDS, fill, take
from tests.plugins.backup.restore.test_restoring import content, databases_of, drop, restored

CANARY = "canary-7f3a"
OWNED = """
CREATE ROLE "the ""owner";
CREATE ROLE grouped NOLOGIN CREATEDB;
CREATE ROLE somebody LOGIN PASSWORD 'of-somebody' VALID UNTIL '2030-01-01' CONNECTION LIMIT 3;
COMMENT ON ROLE somebody IS E'it''s; a \\\\ "role"\nCREATE ROLE never;';
ALTER ROLE somebody SET search_path TO shop, "a;b", public;
ALTER ROLE somebody SET work_mem TO '8MB';
GRANT grouped TO somebody WITH ADMIN OPTION;
ALTER SCHEMA shop OWNER TO "the ""owner";
ALTER TABLE shop.item OWNER TO "the ""owner";
GRANT SELECT ON shop.item TO grouped;
GRANT USAGE ON SCHEMA shop TO somebody;
ALTER DEFAULT PRIVILEGES FOR ROLE "the ""owner" IN SCHEMA shop GRANT SELECT ON TABLES TO grouped;
"""
MADE = ['the "owner', "grouped", "somebody"]
ROLES = """
SELECT
    a.rolname, a.rolcreatedb, a.rolcanlogin, a.rolconnlimit, a.rolpassword, a.rolvaliduntil,
    shobj_description(a.oid, 'pg_authid'), s.setconfig, g.rolname, m.admin_option
FROM pg_authid AS a
LEFT JOIN pg_db_role_setting AS s ON a.oid = s.setrole AND s.setdatabase = 0
LEFT JOIN pg_auth_members AS m ON a.oid = m.member
LEFT JOIN pg_authid AS g ON m.roleid = g.oid
WHERE a.rolname = ANY (ARRAY['the "owner', 'grouped', 'somebody', 'never'])
ORDER BY 1, 2
"""
PROPERTIES = """
SELECT
    pg_get_userbyid(datdba), datcollate, datctype, datconnlimit, shobj_description(d.oid, 'pg_database'),
    (
        SELECT array_agg((r.rolname, privilege_type, is_grantable)::text ORDER BY r.rolname, privilege_type)
        FROM aclexplode(datacl) LEFT JOIN pg_roles AS r ON grantee = r.oid
    ),
    (
        SELECT array_agg((r.rolname, setconfig)::text ORDER BY r.rolname)
        FROM pg_db_role_setting LEFT JOIN pg_roles AS r ON setrole = r.oid WHERE setdatabase = d.oid
    )
FROM pg_database AS d WHERE datname = %s
"""


@pytest.fixture
def owned(source: Database, place: Database) -> Iterator[Database]:
    """A database of others, with roles in all ways."""
    fill(source).run(OWNED)
    outside(source.server, f'ALTER DATABASE {source.name} OWNER TO "the ""owner"')
    yield source
    drop(place)
    if source.rows(ROLES):
        give_up(source)


def give_up(database: Database) -> None:
    """Let the roles go, and with them all that they own."""
    outside(database.server, f"ALTER DATABASE {database.name} OWNER TO postgres")
    for (name,) in database.rows("SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = ANY (%s)", (MADE,)):
        database.run(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


@pytest.fixture
def gone(owned: Database, tmp_path: Path) -> tuple[DumpSet, list[Any]]:
    """A set whose roles the server lacks, and what they were."""
    taken, before = take(owned, tmp_path), owned.rows(ROLES)
    give_up(owned)
    assert owned.rows(ROLES) == []
    return taken, before


def test_roles_that_are_missing_are_made_as_they_were(
    gone: tuple[DumpSet, list[Any]], source: Database, place: Database
) -> None:
    taken, before = gone
    restored(taken, place)
    assert source.rows(ROLES) == before


def test_a_role_that_is_there_is_left_alone(gone: tuple[DumpSet, list[Any]], source: Database, place: Database) -> None:
    taken, before = gone
    source.run("CREATE ROLE somebody NOLOGIN PASSWORD 'another'; ALTER ROLE somebody SET work_mem TO '1MB'")
    mine = source.rows(ROLES)
    restored(taken, place)
    assert [row for row in source.rows(ROLES) if row[0] == "somebody"] == mine
    assert [row for row in source.rows(ROLES) if row[0] != "somebody"] == [
        row for row in before if row[0] != "somebody"
    ]


def test_without_them_nothing_is_restored(gone: tuple[DumpSet, list[Any]], source: Database, place: Database) -> None:
    with pytest.raises(MissingObjectError, match=r'lacks roles .* grouped, somebody, "the ""owner"'):
        restored(gone[0], place, roles=False)
    assert databases_of(place) == []
    assert source.rows(ROLES) == []


def test_what_belongs_to_the_database_itself_comes_back(owned: Database, place: Database, tmp_path: Path) -> None:
    name = owned.name
    for statement in (
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT, CREATE ON DATABASE {name} TO somebody WITH GRANT OPTION",
        f"""ALTER DATABASE {name} SET search_path TO "$user", 'a "b', shop""",
        f"ALTER DATABASE {name} SET shop.own TO 'x=y ''z'''",
        f"ALTER ROLE somebody IN DATABASE {name} SET statement_timeout TO '7s'",
        f"ALTER DATABASE {name} SET work_mem TO '8192'",
        f"ALTER DATABASE {name} CONNECTION LIMIT 17",
        f"COMMENT ON DATABASE {name} IS 'it''s 100%'",
    ):
        outside(owned.server, statement)
    taken = take(owned, tmp_path)
    restored(taken, place)
    assert place.rows(PROPERTIES, (place.name,)) == owned.rows(PROPERTIES, (name,))


@pytest.fixture
def anothers(source: Database, place: Database) -> Iterator[Database]:
    """A database with everything, all of which belongs to one role that is no superuser."""
    source.run('CREATE ROLE "the ""owner"; CREATE ROLE grouped')
    outside(source.server, f'ALTER DATABASE {source.name} OWNER TO "the ""owner"')
    source.run(f'SET ROLE "the ""owner"; {MANY_KINDS}')
    yield source
    drop(place)
    give_up(source)


@contextmanager
def restorer(place: Database) -> Iterator[Database]:
    """The place, through a role that restores, made by the template, twice."""
    role = f"restorer_of_{place.name}"
    with closing(Database(place.server, "postgres").connect()) as connection:
        for _ in range(2):
            roles.apply(connection, "restorer", role=role, database="postgres", owners=['the "owner', "grouped"])
        roles.set_password(connection, role, CANARY)
        connection.commit()
    yield place.login(role, CANARY)
    drop(place)
    Database(place.server, "postgres").run(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_the_role_that_restores_makes_and_replaces_databases_of_others(
    anothers: Database, place: Database, tmp_path: Path
) -> None:
    taken = take(anothers, tmp_path)
    with restorer(place) as login:
        restored(taken, login)
        done = restored(taken, login, replace=True)
        assert content(place) == content(anothers)
        owners = "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE oid >= 16384"
        assert place.rows(owners) == [('the "owner',)]
        assert databases_of(place) == [place.name, done.kept]


def test_what_it_may_not_restore_is_named(owned: Database, place: Database, tmp_path: Path) -> None:
    taken = take(owned, tmp_path)
    with restorer(place) as login, pytest.raises(PrivilegeError, match="postgres") as error:
        restored(taken, login)
    assert CANARY not in str(error.value)
    assert "include/sql/roles/restorer.sql" in error.value.remedy
    assert databases_of(place) == []
