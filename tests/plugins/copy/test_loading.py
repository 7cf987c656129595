"""A missing table is made beside its final name, filled, indexed by several sessions, and published by a rename."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pgpipelines.catalog import describe, describe_existing
from pgpipelines.copy.definition import (
    Definition,
    Place,
    Statement,
    attachment,
    creation,
    foreign_keys,
    indexes,
    run_all,
)
from pgpipelines.sessions import Session
from pgpipelines.table_names import parse_table_name
from pgpipelines.templates import QualifiedName, quoted
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import Database
from tests.plugins.copy.test_definition import EVERYTHING, facts


def definition_of(source: Database, table: str, to: str | None = None) -> Definition:
    with Session(source.endpoint, "tests", snapshot=True) as session:
        return Definition(describe_existing(session, parse_table_name(table)), parse_table_name(to or table))


@contextmanager
def session_of(database: Database) -> Iterator[Session]:
    with Session(database.endpoint, "tests") as session:
        yield session


def loading_name(definition: Definition) -> QualifiedName:
    return QualifiedName(definition.target.schema, "being loaded")


def planned(target: Database, definition: Definition) -> list[Statement]:
    """Every statement that makes and publishes the table, planned before any runs."""
    with session_of(target) as session:
        place, loading = Place(session), loading_name(definition)
        return [
            *creation(place, definition, loading),
            *indexes(place, definition, loading),
            *attachment(place, definition, loading),
        ]


def created(target: Database, definition: Definition) -> None:
    with session_of(target) as session:
        run_all(session, creation(Place(session), definition, loading_name(definition)))
        session.commit()


def published(target: Database, definition: Definition) -> None:
    with session_of(target) as session:
        run_all(session, attachment(Place(session), definition, loading_name(definition)))
        session.commit()


@pytest.mark.parametrize(("old", "new"), [(18, 18), (15, 18), (18, 15)])
def test_a_table_that_was_built_beside_its_name_equals_its_source(
    database_of: Callable[..., Database], old: int, new: int
) -> None:
    source, target = database_of(old), database_of(new)
    source.run(EVERYTHING, {})
    definition = definition_of(source, "t")
    created(target, definition)
    with session_of(target) as session:
        statements = indexes(Place(session), definition, loading_name(definition))
    assert len(statements) == 7  # behind the key and two unique constraints, and four more

    def build(statement: Statement) -> None:
        with session_of(target) as session:
            statement.run(session)
            session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(build, statements))
    published(target, definition)
    assert facts(target, "t") == facts(source, "t")
    assert target.value("SELECT count(*) FROM pg_class WHERE relname LIKE '%being loaded%'") == 0


def test_indexes_behind_keys_are_attached_not_built_again(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE NULLS NOT DISTINCT, c int)")
    definition = definition_of(source, "t")
    created(target, definition)
    with session_of(target) as session:
        run_all(session, indexes(Place(session), definition, loading_name(definition)))
        session.commit()
    built = (
        "SELECT indexrelid FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid WHERE relkind = 'r' ORDER BY 1"
    )
    before = target.rows(built)
    published(target, definition)
    assert target.rows(built) == before
    assert facts(target, "t") == facts(source, "t")


@pytest.mark.parametrize("table", ["t", '"Ta%ble"'])
def test_the_statements_as_a_person_reads_them_do_the_same(source: Database, target: Database, table: str) -> None:
    source.run(EVERYTHING, {})
    if table != "t":
        source.run(f"ALTER TABLE t RENAME TO {table}")
    for statement in planned(target, definition_of(source, table)):
        assert not statement.text.startswith("--")
        target.run(statement.text)
    assert facts(target, table) == facts(source, table)


def test_a_load_that_stopped_builds_only_the_indexes_that_it_lacks(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE); CREATE INDEX i ON t (b); CREATE INDEX i_1 ON t (a)")
    target.run("CREATE TABLE other (i int PRIMARY KEY); CREATE INDEX i ON other (i)")
    definition = definition_of(source, "t")
    created(target, definition)
    loading = loading_name(definition)
    with session_of(target) as session:
        first, second, *rest = indexes(Place(session), definition, loading)
        assert [statement.context["name"] for statement in (first, second, *rest)] == [
            "t_pkey",
            "t_b_key",
            "i_2",
            "i_1",
        ]
        run_all(session, [first, rest[0]])
        assert indexes(Place(session), definition, loading) == [second, rest[1]]
        run_all(session, [second, rest[1]])
        assert indexes(Place(session), definition, loading) == []
        run_all(session, attachment(Place(session), definition, loading))
        session.commit()
    assert target.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass") == 4
    assert target.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 't_b_key'") == "UNIQUE (b)"


def test_names_that_other_relations_have_are_avoided_alike_in_every_step(source: Database) -> None:
    source.run("""
        CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, b int UNIQUE DEFERRABLE,
            EXCLUDE USING btree (b WITH =));
        CREATE INDEX by_b ON t (b); COMMENT ON INDEX by_b IS 'x'; COMMENT ON CONSTRAINT t_b_key ON t IS 'y';
    """)
    definition = definition_of(source, "t", "u")
    for statement in planned(source, definition):
        source.run(statement.text)
    names = "SELECT relname FROM pg_class WHERE relname ~ '^(u|by)' AND relnamespace = 2200 ORDER BY 1"
    assert [name for (name,) in source.rows(names)] == [
        "by_b",
        "by_b_1",
        "u",
        "u_b_excl",
        "u_b_key",
        "u_id_seq",
        "u_n_seq",
        "u_pkey",
    ]
    assert source.value("SELECT obj_description('by_b_1'::regclass)") == "x"
    assert source.value("SELECT pg_get_serial_sequence('u', 'id')") == "public.u_id_seq"


def test_constraints_are_judged_with_the_names_that_the_role_finds(source: Database, target: Database) -> None:
    functions = """
        CREATE FUNCTION own_lower(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
        CREATE FUNCTION low_of(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN own_lower($1); END';
    """
    source.run(f"""{functions}; CREATE TABLE t (id int PRIMARY KEY, v text CHECK (low_of(v) <> ''));
        INSERT INTO t VALUES (1, 'A'), (2, 'B')""")
    target.run(functions)
    copied(source, target)
    source.run("ALTER TABLE t ADD low text GENERATED ALWAYS AS (low_of(v)) STORED")
    copied(source, target, on_drift="widen")
    assert content(target) == content(source)


def test_an_abandoned_table_takes_its_sequences_along(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY)")
    definition = definition_of(source, "t")
    created(target, definition)
    target.run(f"DROP TABLE {quoted(loading_name(definition))}")
    assert target.value("SELECT count(*) FROM pg_class WHERE relkind = 'S'") == 0


def test_tables_that_are_planned_together_share_schema_types_and_sequences(source: Database, target: Database) -> None:
    source.run("""
        CREATE TYPE mood AS ENUM ('a'); CREATE SEQUENCE s;
        CREATE TABLE t (id int DEFAULT nextval('s'), m mood); CREATE TABLE u (id int DEFAULT nextval('s'), m mood);
    """)
    definitions = [definition_of(source, table, f"made.{table}") for table in ("t", "u")]
    with session_of(target) as session:
        place = Place(session)
        for definition in definitions:
            run_all(session, creation(place, definition, definition.target))
            run_all(session, attachment(place, definition, definition.target))
        session.commit()
    assert facts(target, "made.t")[:2] == facts(target, "made.u")[:2]


def test_default_privileges_reach_a_table_that_is_made_beside_its_name(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY)")
    target.run("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor")
    definition = definition_of(source, "t")
    for statement in planned(target, definition):
        target.run(statement.text)
    assert target.value("SELECT has_table_privilege('pg_monitor', 't', 'SELECT')")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE t ADD COLUMN more int",
        "ALTER TABLE t ALTER COLUMN v TYPE varchar(9)",
        "ALTER TABLE t ALTER COLUMN v SET DEFAULT 'x'",
        "ALTER TABLE t ALTER COLUMN v SET NOT NULL",
        "ALTER TABLE t ADD UNIQUE (v)",
        "ALTER TYPE mood ADD VALUE 'b'",
        "CREATE INDEX ON t (v)",
        "COMMENT ON TABLE t IS 'x'",
        "ALTER TABLE t SET (fillfactor = 50)",
        "DROP TABLE u; ALTER TABLE t SET UNLOGGED",
    ],
)
def test_the_digest_changes_with_the_definition_and_with_nothing_else(source: Database, change: str) -> None:
    source.run("""
        CREATE TYPE mood AS ENUM ('a');
        CREATE TABLE t (id serial PRIMARY KEY, v varchar(5), m mood); CREATE TABLE u (r int REFERENCES t);
    """)
    before = definition_of(source, "t").digest
    source.run("INSERT INTO t (v) VALUES ('a'); ANALYZE t; GRANT SELECT ON t TO pg_monitor; ALTER TABLE u ADD s int")
    assert definition_of(source, "t").digest == before
    assert definition_of(source, "t", "made.t").digest != before
    source.run(change)
    assert definition_of(source, "t").digest != before


def test_column_settings_and_storage_parameters_are_kept(source: Database, target: Database) -> None:
    source.run("""
        CREATE UNLOGGED TABLE t (a text COMPRESSION pglz, b text, c text NOT NULL)
            WITH (fillfactor = 70, toast.autovacuum_enabled = off, autovacuum_vacuum_scale_factor = 0.01);
        ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STATISTICS 7, ALTER c SET STATISTICS 0;
    """)
    definition = definition_of(source, "t")
    for statement in planned(target, definition):
        target.run(statement.text)
    settings = """
        SELECT c.relpersistence, c.reloptions, t.reloptions,
            (SELECT array_agg((attname, attstorage, attcompression, attstattarget)::text) FROM pg_attribute
                WHERE attrelid = c.oid AND attnum > 0)
        FROM pg_class AS c JOIN pg_class AS t ON t.oid = c.reltoastrelid WHERE c.relname = 't'
    """
    assert target.rows(settings) == source.rows(settings)


def test_a_compression_that_the_target_does_not_know_is_left_out(database_of: Callable[..., Database]) -> None:
    source, target = database_of(15), database_of(18)
    source.run("CREATE TABLE t (v text COMPRESSION lz4)")
    for statement in planned(target, definition_of(source, "t")):
        target.run(statement.text)
    assert target.value("SELECT attcompression FROM pg_attribute WHERE attname = 'v'") == ""


@pytest.mark.parametrize(("old", "new"), [(18, 18), (15, 18), (18, 15)])
def test_not_null_constraints_are_named_after_the_final_table(
    database_of: Callable[..., Database], old: int, new: int
) -> None:
    source, target, made = database_of(old), database_of(new), database_of(new)
    column = "가" * 20
    statement = f'CREATE TABLE t (id int PRIMARY KEY, "{column}" int NOT NULL, v int CONSTRAINT own NOT NULL)'
    for database in (source, made):
        database.run(statement.replace("CONSTRAINT own", "CONSTRAINT own" if old == new else ""))
    for planned_statement in planned(target, definition_of(source, "t")):
        target.run(planned_statement.text)
    names = "SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1"
    assert target.rows(names) == made.rows(names)


def test_an_unproven_not_null_stays_unproven(source: Database, target: Database) -> None:
    source.run(
        "CREATE TABLE t (v int); INSERT INTO t VALUES (NULL); ALTER TABLE t ADD CONSTRAINT n NOT NULL v NOT VALID"
    )
    definition = definition_of(source, "t")
    created(target, definition)
    target.run(f"INSERT INTO {quoted(loading_name(definition))} VALUES (NULL)")
    published(target, definition)
    assert (
        target.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'n'")
        == "NOT NULL v NOT VALID"
    )


# ---------------------------------------------------------------------------------------------------- foreign keys

FAMILY = """
    CREATE TABLE parents (a int, b int, v text UNIQUE, PRIMARY KEY (a, b));
    CREATE TABLE children (
        id int PRIMARY KEY, a int, b int, up int CONSTRAINT "up %" REFERENCES children ON DELETE SET NULL,
        v text REFERENCES parents (v) ON UPDATE CASCADE, elsewhere int,
        CONSTRAINT pair FOREIGN KEY (b, a) REFERENCES parents (b, a) MATCH FULL ON DELETE SET NULL (b)
            DEFERRABLE INITIALLY DEFERRED
    );
    CREATE TABLE others (id int PRIMARY KEY);
    ALTER TABLE children ADD CONSTRAINT elsewhere FOREIGN KEY (elsewhere) REFERENCES others;
    ALTER TABLE children ADD CONSTRAINT unproven FOREIGN KEY (id) REFERENCES children NOT VALID;
    COMMENT ON CONSTRAINT pair ON children IS 'both';
"""
KEYS = """
    SELECT conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint') FROM pg_constraint
    WHERE contype = 'f' AND conname <> 'elsewhere' ORDER BY 1
"""


def group_of(source: Database, target: Database, tables: dict[str, str]) -> list[Statement]:
    """The foreign keys of tables whose targets may stand already."""
    definitions = [definition_of(source, table, to) for table, to in tables.items()]
    with session_of(target) as session:
        return foreign_keys([(definition, describe(session, definition.target)) for definition in definitions])


def test_foreign_keys_among_the_copied_tables_are_planned_and_no_others(source: Database, target: Database) -> None:
    source.run(FAMILY)
    tables = {"children": "children", "parents": "parents"}
    statements = group_of(source, target, tables)
    for table in tables:
        for statement in planned(target, definition_of(source, table)):
            target.run(statement.text)
    for statement in statements:
        target.run(statement.text)
    assert target.rows(KEYS) == source.rows(KEYS)
    assert group_of(source, target, tables) == []


def test_foreign_keys_follow_their_tables_to_other_names(source: Database, target: Database) -> None:
    source.run(FAMILY)
    tables = {"parents": '"Ält".p', "children": '"Ält".c'}
    for table, to in tables.items():
        for statement in planned(target, definition_of(source, table, to)):
            target.run(statement.text)
    for statement in group_of(source, target, tables):
        target.run(statement.text)
    assert {text for _, text, _ in target.rows(KEYS)} == {
        text.replace("parents", '"Ält".p').replace("children", '"Ält".c') for _, text, _ in source.rows(KEYS)
    }
    assert group_of(source, target, tables) == []


def test_an_existing_target_gets_the_foreign_keys_that_it_lacks(source: Database, target: Database) -> None:
    source.run(FAMILY)
    target.run(FAMILY)
    target.run('ALTER TABLE children DROP CONSTRAINT "up %", ADD CONSTRAINT "up %" CHECK (true)')
    (statement,) = group_of(source, target, {"children": "children", "parents": "parents"})
    target.run(statement.text)
    assert target.value("SELECT count(*) FROM pg_constraint WHERE conname = 'children_up_fkey'") == 1


def test_a_key_that_the_existing_target_lacks_is_not_referred_to(source: Database, target: Database) -> None:
    source.run("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p)")
    target.run("CREATE TABLE p (id int); CREATE TABLE c (id int)")
    assert group_of(source, target, {"p": "p", "c": "c"}) == []


def test_temporal_keys_keep_their_periods(source: Database, target: Database) -> None:
    source.run("""
        CREATE TABLE p (at int4range, valid daterange, PRIMARY KEY (at, valid WITHOUT OVERLAPS));
        CREATE TABLE c (at int4range, valid daterange, "REFERENCES public.p(" int,
            FOREIGN KEY (at, PERIOD valid) REFERENCES p (at, PERIOD valid));
    """)
    statements = group_of(source, target, {"p": "s.p", "c": "s.c"})
    for table in ("p", "c"):
        for statement in planned(target, definition_of(source, table, f"s.{table}")):
            target.run(statement.text)
    for statement in statements:
        target.run(statement.text)
    assert facts(target, "s.p") == [fact.replace("ON public.p", "ON s.p") for fact in facts(source, "p")]
    assert target.value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'") == (
        "FOREIGN KEY (at, PERIOD valid) REFERENCES s.p(at, PERIOD valid)"
    )
