from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors

from demo import roles, systems
from demo.roles import DUMPER, MONITOR, READER, REPLICATOR, WRITER
from demo.servers import Server, binaries
from tests.fixtures.servers import Database

PASSWORD = "canary-7f3a9c"
OWNER = "shop_app"
HOSTILE = 'a"b$role$; DROP TABLE orders; -- %s Ünïcode'


@dataclass(frozen=True)
class Shop:
    """A database of an application, entered by each of the package's roles."""

    database: Database

    def as_role(self, role: str) -> Database:
        return self.database.login(role, PASSWORD)

    def grant_all(self) -> None:
        name = self.database.name
        with closing(self.database.connect()) as connection, connection:
            roles.apply(connection, "private_database", database=name)
            roles.apply(connection, "private_schema", schema="public")
            roles.apply(connection, "reader", role=READER, database=name, schemas=["public"], owner=OWNER)
            roles.apply(connection, "writer", role=WRITER, database=name, schemas=["target"])
            roles.apply(connection, "dumper", role=DUMPER, database=name, owner=OWNER)
            roles.apply(connection, "monitor", role=MONITOR, database=name)
            roles.apply(connection, "replicator", role=REPLICATOR, database=name)
            for role in (READER, WRITER, DUMPER, MONITOR, REPLICATOR):
                roles.set_password(connection, role, PASSWORD)


@pytest.fixture(scope="module", params=[18, 16])
def shop(request: pytest.FixtureRequest, server_of: Callable[..., Server]) -> Iterator[Shop]:
    server = server_of(request.param)
    shop = Shop(Database(server, "shop"))
    systems.administer(server, "database", database="shop", owner=None)
    with closing(shop.database.connect()) as connection, connection:
        roles.apply(connection, "login", role=OWNER)
        roles.set_password(connection, OWNER, PASSWORD)
    shop.database.run(
        f"""
        ALTER DATABASE {shop.database.name} OWNER TO {OWNER};
        CREATE SCHEMA private AUTHORIZATION {OWNER};
        CREATE SCHEMA target AUTHORIZATION {OWNER};
        SET ROLE {OWNER};
        CREATE TABLE orders (id serial PRIMARY KEY, item text);
        INSERT INTO orders (item) VALUES ('감귤'), ('한라봉');
        CREATE VIEW order_items AS SELECT item FROM orders;
        CREATE TABLE secrets (owner text, secret text);
        INSERT INTO secrets VALUES ('a', 'b');
        ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
        CREATE TABLE private.salaries (amount numeric);
        CREATE TABLE target.invoices (id integer);
        SELECT lo_from_bytea(4711, 'scan')
        """
    )
    shop.grant_all()
    yield shop
    systems.administer(server, "drop_database", database="shop")


def refused(database: Database, statement: str) -> bool:
    """Tell whether a statement is refused for want of a privilege (SQLSTATE 42501), and for nothing else."""
    try:
        database.run(statement)
    except errors.InsufficientPrivilege:
        return True
    return False


def allowed(database: Database, statements: list[str]) -> list[str]:
    """The statements that are not refused."""
    return [statement for statement in statements if not refused(database, statement)]


def test_reader_reads_tables_and_views_of_its_schemas_and_those_to_come(shop: Shop) -> None:
    shop.as_role(OWNER).run("CREATE TABLE later AS SELECT 1 AS one")
    reader = shop.as_role(READER)
    assert reader.value("SELECT count(*) FROM orders") == 2
    assert reader.value("SELECT count(*) FROM order_items") == 2
    assert reader.value("SELECT one FROM later") == 1


NOT_FOR_READER = [
    "SELECT * FROM pg_authid",
    "INSERT INTO orders (item) VALUES ('x')",
    "UPDATE orders SET item = 'x'",
    "DELETE FROM orders",
    "TRUNCATE orders",
    "SELECT item FROM orders FOR UPDATE",
    "SELECT nextval('orders_id_seq')",
    "SELECT * FROM private.salaries",
    "SELECT * FROM target.invoices",
    "SELECT * FROM pgpipelines.anything",
    "SELECT lo_get(4711)",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE mine (id integer)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "COPY orders TO '/tmp/stolen'",
    "SELECT pg_read_file('PG_VERSION')",
    "SET ROLE shop_app",
]


def test_reader_does_nothing_else(shop: Shop) -> None:
    assert allowed(shop.as_role(READER), NOT_FOR_READER) == []


def test_a_policy_that_hides_rows_from_the_reader_is_an_error_where_it_asks_for_that(shop: Shop) -> None:
    reader = shop.as_role(READER)
    assert reader.value("SELECT count(*) FROM secrets") == 0
    assert refused(reader, "SET row_security = off; SELECT count(*) FROM secrets")


def test_no_role_enters_a_private_database_that_it_was_not_given(
    shop: Shop, database_of: Callable[..., Database]
) -> None:
    other = database_of(shop.database.server.major)
    with closing(other.connect()) as connection, connection:
        roles.apply(connection, "private_database", database=other.name)
    for role in (READER, WRITER, DUMPER, MONITOR, REPLICATOR):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            other.login(role, PASSWORD).connect()


@pytest.mark.parametrize("role", [READER, WRITER, DUMPER, MONITOR])
def test_no_role_may_administer_or_pass_row_security(shop: Shop, role: str) -> None:
    found = shop.database.rows(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s",
        (role,),
    )
    assert found == [(False, False, False, False, False)]


def test_writer_makes_schemas_tables_and_temporary_tables_and_owns_the_ledger(shop: Shop) -> None:
    writer = shop.as_role(WRITER)
    writer.run(
        """
        CREATE TEMPORARY TABLE staged (id integer);
        CREATE TABLE target.copied AS SELECT 1 AS one;
        CREATE SCHEMA fresh;
        CREATE TABLE fresh.copied (id integer);
        CREATE TABLE pgpipelines.ledger (run text);
        DROP TABLE target.copied
        """
    )
    owner = "SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'pgpipelines'"
    assert writer.value(owner) == WRITER


NOT_FOR_WRITER = [
    "SELECT * FROM orders",
    "SELECT * FROM target.invoices",
    "INSERT INTO target.invoices VALUES (1)",
    "DROP TABLE target.invoices",
    "ALTER TABLE target.invoices ADD COLUMN x integer",
    "SELECT * FROM private.salaries",
    "CREATE TABLE public.mine (id integer)",
    "CREATE TABLE private.mine (id integer)",
    "CREATE ROLE mine",
    "ALTER ROLE shop_app PASSWORD 'x'",
    "SET ROLE shop_app",
    "SELECT lo_get(4711)",
]


def test_writer_touches_nothing_of_another_owner(shop: Shop) -> None:
    assert allowed(shop.as_role(WRITER), NOT_FOR_WRITER) == []


@pytest.mark.parametrize("role", [READER, WRITER, DUMPER, MONITOR, REPLICATOR])
def test_no_role_makes_databases(shop: Shop, role: str) -> None:
    with closing(shop.as_role(role).connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor, pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("CREATE DATABASE mine")


def dump(shop: Shop, *arguments: str, role: str = DUMPER) -> subprocess.CompletedProcess[str]:
    server = shop.database.server
    environment = {"PGPASSWORD": PASSWORD, "LC_ALL": "C"}
    address = ["--host=127.0.0.1", f"--port={server.port}", f"--username={role}"]
    program = str(binaries(server.major) / arguments[0])
    return subprocess.run(
        [program, *address, *arguments[1:]], env=environment, capture_output=True, text=True, check=False
    )


def dumped(shop: Shop, folder: Path) -> str:
    """What pg_dump makes of everything but the table that row security guards."""
    place = folder / "dump.sql"
    done = dump(shop, "pg_dump", "--exclude-table-data=secrets", f"--file={place}", shop.database.name)
    assert done.returncode == 0, done.stderr
    return place.read_text()


def test_dumper_dumps_tables_sequences_and_large_objects_of_every_schema(shop: Shop, tmp_path: Path) -> None:
    text = dumped(shop, tmp_path)
    assert "감귤" in text
    assert "COPY private.salaries" in text
    assert "pg_catalog.setval('public.orders_id_seq', 2" in text
    assert "lowrite(0, '\\x7363616e')" in text


def test_dumper_covers_large_objects_to_come_by_default_from_18_on_and_by_a_second_grant_before(
    shop: Shop, tmp_path: Path
) -> None:
    shop.as_role(OWNER).run("SELECT lo_from_bytea(4712, 'later')")
    if shop.database.server.major < 18:
        failed = dump(shop, "pg_dump", "--exclude-table-data=secrets", shop.database.name)
        assert failed.returncode != 0
        assert "permission denied for large object 4712" in failed.stderr
        shop.grant_all()
    assert "lowrite(0, '\\x6c61746572')" in dumped(shop, tmp_path)


def test_dumper_fails_rather_than_leave_out_rows_that_a_policy_hides(shop: Shop) -> None:
    done = dump(shop, "pg_dump", shop.database.name)
    assert done.returncode != 0
    assert 'row-level security policy for table "secrets"' in done.stderr


def test_dumper_dumps_roles_with_their_verifiers(shop: Shop) -> None:
    done = dump(shop, "pg_dumpall", "--globals-only", f"--database={shop.database.name}")
    assert done.returncode == 0, done.stderr
    assert f"CREATE ROLE {READER}" in done.stdout
    assert "PASSWORD 'SCRAM-SHA-256$" in done.stdout


NOT_FOR_DUMPER = [
    "INSERT INTO orders (item) VALUES ('x')",
    "UPDATE orders SET item = 'x'",
    "DELETE FROM orders",
    "TRUNCATE orders",
    "SELECT nextval('orders_id_seq')",
    "SELECT lo_put(4711, 0, 'x')",
    "SELECT lo_unlink(4711)",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE mine (id integer)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
]


def test_dumper_writes_nothing(shop: Shop) -> None:
    assert allowed(shop.as_role(DUMPER), NOT_FOR_DUMPER) == []


def test_monitor_sees_activity_sizes_and_settings(shop: Shop) -> None:
    monitor = shop.as_role(MONITOR)
    with closing(shop.database.connect()) as busy, busy.cursor() as cursor:
        cursor.execute("SELECT 'a statement of another role'")
        seen = monitor.value("SELECT query FROM pg_stat_activity WHERE pid = %s", (busy.info.backend_pid,))
    assert "a statement of another role" in seen
    assert monitor.value("SELECT pg_database_size('postgres')") > 0
    assert monitor.value("SELECT pg_total_relation_size('orders')") > 0
    assert monitor.value("SHOW data_directory")


NOT_FOR_MONITOR = [
    "SELECT * FROM pg_authid",
    "SELECT * FROM orders",
    "SELECT * FROM private.salaries",
    "SELECT * FROM orders_id_seq",
    "SELECT lo_get(4711)",
    "INSERT INTO orders (item) VALUES ('x')",
    "CREATE TABLE mine (id integer)",
    "CREATE TEMPORARY TABLE mine (id integer)",
    "CREATE SCHEMA mine",
    "SELECT pg_read_file('PG_VERSION')",
]


def test_monitor_sees_no_data_and_makes_nothing(shop: Shop) -> None:
    assert allowed(shop.as_role(MONITOR), NOT_FOR_MONITOR) == []


def test_replicator_copies_the_server_and_ends_a_segment(shop: Shop, tmp_path: Path) -> None:
    done = dump(
        shop, "pg_basebackup", "--no-sync", "--checkpoint=fast", f"--pgdata={tmp_path / 'copy'}", role=REPLICATOR
    )
    assert done.returncode == 0, done.stderr
    assert shop.as_role(REPLICATOR).value("SELECT pg_switch_wal() IS NOT NULL")
    found = shop.database.rows(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s",
        (REPLICATOR,),
    )
    assert found == [(False, False, False, True, False)]


NOT_FOR_REPLICATOR = [
    *NOT_FOR_MONITOR,
    "SELECT count(*) FROM order_items",
    "UPDATE orders SET item = 'x'",
    "DELETE FROM orders",
    "CREATE ROLE mine",
    "ALTER ROLE shop_app PASSWORD 'x'",
    "SET ROLE shop_app",
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_reload_conf()",
    "SELECT pg_ls_dir('.')",
]


def test_replicator_reads_and_writes_no_table(shop: Shop) -> None:
    assert allowed(shop.as_role(REPLICATOR), NOT_FOR_REPLICATOR) == []


def test_no_other_template_takes_a_role_that_may_replicate(shop: Shop) -> None:
    for template in ("login", "monitor"):
        with closing(shop.database.connect()) as connection, pytest.raises(errors.InvalidGrantOperation):
            roles.apply(connection, template, role=REPLICATOR, database=shop.database.name)


def privileges(shop: Shop) -> list[tuple[object, ...]]:
    return shop.database.rows(
        """
        SELECT relname::text, relacl::text FROM pg_class WHERE relacl IS NOT NULL
        UNION ALL SELECT nspname::text, nspacl::text FROM pg_namespace
        UNION ALL SELECT datname::text, datacl::text FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT defaclrole::text || defaclobjtype::text, defaclacl::text FROM pg_default_acl
        UNION ALL SELECT oid::text, lomacl::text FROM pg_largeobject_metadata
        UNION ALL SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members
        ORDER BY 1, 2
        """
    )


def test_templates_run_twice_change_nothing(shop: Shop) -> None:
    before = privileges(shop)
    shop.grant_all()
    assert privileges(shop) == before


@pytest.mark.parametrize("template", ["login", "reader", "writer", "dumper", "monitor", "replicator"])
def test_a_role_that_may_administer_is_refused_and_left_alone(shop: Shop, template: str) -> None:
    parameters = {"database": shop.database.name, "schemas": ["public"], "owner": OWNER}
    with (
        closing(shop.database.connect()) as connection,
        connection,
        pytest.raises(errors.InvalidGrantOperation, match="role postgres may administer the server"),
    ):
        roles.apply(connection, template, role="postgres", **parameters)


@pytest.mark.parametrize("template", ["login", "reader", "writer", "dumper", "monitor", "replicator"])
def test_hostile_names_are_names(database_of: Callable[..., Database], template: str) -> None:
    database = database_of()
    quoted = '"{}"'.format(HOSTILE.replace('"', '""'))
    database.run(f"CREATE TABLE orders (id integer); CREATE SCHEMA {quoted}")
    with closing(database.connect()) as connection:
        roles.apply(connection, "login", role=HOSTILE + "owner")
        with connection.cursor() as cursor:
            cursor.execute("SELECT lo_from_bytea(0, 'x')")
        roles.apply(
            connection, template, role=HOSTILE, database=database.name, schemas=[HOSTILE], owner=HOSTILE + "owner"
        )
        roles.set_password(connection, HOSTILE, PASSWORD)
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('orders'), count(*) FROM pg_roles WHERE rolname = %s", (HOSTILE,))
            assert cursor.fetchone() == ("orders", 1)
        connection.rollback()


def test_password_reaches_the_server_only_as_a_verifier(shop: Shop) -> None:
    server = shop.database.server
    with closing(shop.database.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SET log_statement = 'all'")
        roles.set_password(connection, READER, PASSWORD)
        cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (READER,))
        assert cursor.fetchone()[0].startswith("SCRAM-SHA-256$")
    log = server.log.read_text()
    assert f'ALTER ROLE "{READER}" PASSWORD' in log
    assert PASSWORD not in log
    assert shop.as_role(READER).value("SELECT 1") == 1


def test_a_wrong_password_is_refused(shop: Shop) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        shop.database.login(READER, "wrong").connect()
