"""A plain table becomes a partitioned one with all that it has, or stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from pgpipelines.errors import ConfigurationError, ConflictError, PipelineError
from pgpipelines.ledger import Run
from pgpipelines.partitions import PartitionSettings, convert, maintain
from pgpipelines.templates import QualifiedName, render
from tests.fixtures.copying import content
from tests.fixtures.servers import Database
from tests.fixtures.waiting import until
from tests.plugins.partitions.test_maintenance import CHARGER, COLUMNS, INDEXES, SAMPLES, SESSIONS, names

RUN = Run("tests", "run_1", "partitions")
TODAY = date(2026, 3, 14)
NAMED = QualifiedName("public", SESSIONS)
FILLED = f"""
    INSERT INTO {SESSIONS} (charger_id, transaction_id, start_time, extra_data)
    SELECT 'C', 'T' || i, timestamp '2026-01-20' + i * interval '2 hours', '{{"a": "é\\\\"}}'
    FROM generate_series(1, 900) AS i;
    INSERT INTO {SESSIONS} (start_time) VALUES ('1970-01-01'), ('infinity'), ('2046-05-01'), ('20460-05-01');
    INSERT INTO {SAMPLES} (charger_id, measurement_time)
    SELECT 'C', timestamp '2026-02-20' + i * interval '1 hour' FROM generate_series(1, 900) AS i;
"""


@pytest.fixture(params=[15, 18])
def plain(database_of: Callable[..., Database], request: pytest.FixtureRequest) -> Database:
    """charger_db with rows from January to April 2026, and some of wrong clocks."""
    database = database_of(request.param)
    database.run(render("schema/charger_db.sql") + CHARGER + FILLED)
    return database


@pytest.mark.parametrize(("table", "first"), [(SESSIONS, 1), (SAMPLES, 2)])
def test_a_plain_table_is_partitioned_with_its_rows_and_all_it_has(plain: Database, table: str, first: int) -> None:
    questions = (COLUMNS, INDEXES, "SELECT obj_description(%s::regclass)")
    before, described = content(plain, table), [plain.rows(question, (table,)) for question in questions]
    index_names = """
        SELECT relname FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid
        WHERE indrelid = %s::regclass ORDER BY 1
    """
    names_before = plain.rows(index_names, (table,))
    done = convert(plain.endpoint, RUN, QualifiedName("public", table), today=TODAY)
    assert content(plain, table) == before
    assert [plain.rows(question, (table,)) for question in questions] == described
    assert plain.rows(index_names, (table,)) == names_before
    assert names(plain, table) == [*(f"{table}_2026_{month:02}" for month in range(first, 7)), f"{table}_default"]
    assert (done.rows, len(done.partitions)) == (len(before), len(names(plain, table)))
    assert plain.value("SELECT relkind FROM pg_class WHERE oid = %s::regclass", (table,)) == "p"
    # The plain table is there until somebody drops it, and needs nothing of the new one.
    assert content(plain, f"pgpipelines.{table}") == before
    plain.run(f"DROP TABLE pgpipelines.{table}")
    key = "start_time" if table == SESSIONS else "measurement_time"
    assert (
        plain.value(f"INSERT INTO {table} (charger_id, {key}) VALUES ('C', '2026-04-01') RETURNING id")
        == len(before) + 1
    )


def test_rows_of_wrong_clocks_go_into_the_default_partition(plain: Database) -> None:
    convert(plain.endpoint, RUN, NAMED, today=TODAY)
    assert plain.rows(f"SELECT start_time::text FROM {SESSIONS}_default ORDER BY 1") == [
        ("1970-01-01 00:00:00",),
        ("2046-05-01 00:00:00",),
        ("20460-05-01 00:00:00",),
        ("infinity",),
    ]
    sessions, _ = maintain(plain.endpoint, RUN, PartitionSettings(), today=TODAY)
    assert (sessions.made, sessions.stray_rows) == ((), 4)


def test_an_empty_table_begins_with_the_months_ahead(database_of: Callable[..., Database]) -> None:
    database = database_of()
    database.run(render("schema/charger_db.sql"))
    convert(database.endpoint, RUN, NAMED, months_ahead=0, today=TODAY)
    assert names(database) == [f"{SESSIONS}_2026_03", f"{SESSIONS}_default"]


SURROUNDED = f"""
    CREATE ROLE app_owner; CREATE ROLE app_reader; GRANT CREATE ON SCHEMA public TO app_owner;
    ALTER TABLE {SESSIONS} OWNER TO app_owner;
    GRANT SELECT ON {SESSIONS} TO app_reader WITH GRANT OPTION; GRANT UPDATE (status) ON {SESSIONS} TO PUBLIC;
    CREATE VIEW recent WITH (security_barrier = true) AS
    SELECT id, status FROM {SESSIONS} WHERE start_time > '2026-01-01';
    CREATE VIEW of_recent AS SELECT count(*) FROM recent;
    COMMENT ON VIEW recent IS 'kept'; GRANT SELECT ON recent TO app_reader;
    CREATE TABLE told (what text);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.told VALUES (TG_LEVEL || ' ' || TG_OP); RETURN NULL; END $$;
    CREATE TRIGGER tell_statement AFTER INSERT ON {SESSIONS} REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION tell();
    CREATE TRIGGER tell_row AFTER UPDATE OF status ON {SESSIONS} FOR EACH ROW
        WHEN (old.status IS DISTINCT FROM new.status) EXECUTE FUNCTION tell();
"""


def test_owner_privileges_views_and_triggers_go_with_the_name(plain: Database) -> None:
    plain.run(SURROUNDED)
    try:
        states = (
            f"SELECT pg_get_userbyid(relowner), relacl::text FROM pg_class WHERE oid = '{SESSIONS}'::regclass",
            f"SELECT attacl::text FROM pg_attribute WHERE attrelid = '{SESSIONS}'::regclass AND attname = 'status'",
            "SELECT relacl::text, reloptions, obj_description(oid) FROM pg_class WHERE relname = 'recent'",
            "SELECT pg_get_viewdef('recent'::regclass), pg_get_viewdef('of_recent'::regclass)",
        )
        before = [plain.rows(state) for state in states]
        convert(plain.endpoint, RUN, NAMED, today=TODAY)
        assert [plain.rows(state) for state in states] == before
        plain.run("DELETE FROM told")
        plain.run(f"DROP TABLE pgpipelines.{SESSIONS}")
        assert plain.value("SELECT count FROM of_recent") == 903
        plain.run(f"""
            INSERT INTO {SESSIONS}_2026_03 (start_time) VALUES ('2026-03-04 01:01');
            INSERT INTO {SESSIONS} (start_time) VALUES ('2026-03-05 01:01');
            UPDATE {SESSIONS} SET status = 'done' WHERE start_time IN ('2026-03-04 01:01', '2026-03-05 01:01');
        """)
        told = [what for (what,) in plain.rows("SELECT what FROM told")]
        assert told == ["STATEMENT INSERT", "STATEMENT INSERT", "ROW UPDATE", "ROW UPDATE"]
    finally:
        plain.run("DROP OWNED BY app_owner, app_reader CASCADE; DROP ROLE app_owner, app_reader")


@pytest.mark.parametrize(
    ("given", "obstacle"),
    [
        (
            f"CREATE TABLE notes (session bigint REFERENCES {SESSIONS})",
            "foreign key notes_session_fkey of public.notes",
        ),
        (f"CREATE UNIQUE INDEX once ON {SESSIONS} (lower(transaction_id))", "unique index public.once"),
        (f"CREATE MATERIALIZED VIEW m AS SELECT id FROM {SESSIONS}", "materialized view"),
        (f"ALTER TABLE {SESSIONS} ENABLE ROW LEVEL SECURITY", "row security"),
        (f"CREATE TABLE child () INHERITS ({SESSIONS})", "tables inherit from it"),
        (f"ALTER TABLE {SESSIONS} SET (fillfactor = 70)", "storage parameters"),
        (f"ALTER TABLE {SESSIONS} ADD UNIQUE (created_at, id) DEFERRABLE", "is more than a list of columns"),
        (f"ALTER TABLE {SESSIONS} ADD UNIQUE (created_at) INCLUDE (id)", "is more than a list of columns"),
        (f"ALTER TABLE {SESSIONS} ADD UNIQUE NULLS NOT DISTINCT (created_at)", "is more than a list of columns"),
        (f"ALTER TABLE {SESSIONS} ADD number int GENERATED ALWAYS AS IDENTITY", "identity column number"),
        (f"CREATE RULE no_delete AS ON DELETE TO {SESSIONS} DO INSTEAD NOTHING", "rule no_delete"),
        (f"CREATE PUBLICATION p FOR TABLE {SESSIONS}", "publication p"),
        (
            f"CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM public.{SESSIONS}; END",
            "function public.f() depends on it",
        ),
    ],
)
def test_what_would_be_lost_stands_in_the_way(database_of: Callable[..., Database], given: str, obstacle: str) -> None:
    database = database_of()
    database.run(render("schema/charger_db.sql"))
    database.run(given)
    with pytest.raises(ConflictError) as failure:
        convert(database.endpoint, RUN, NAMED, today=TODAY)
    assert obstacle in failure.value.cause
    assert database.value("SELECT relkind FROM pg_class WHERE oid = %s::regclass", (SESSIONS,)) == "r"


def test_only_plain_tables_by_month_are_converted_and_only_once(plain: Database) -> None:
    with pytest.raises(ConfigurationError, match="is no table by month"):
        convert(plain.endpoint, RUN, QualifiedName("public", "charger_info"))
    convert(plain.endpoint, RUN, NAMED, today=TODAY)
    with pytest.raises(ConflictError, match="is no plain table"):
        convert(plain.endpoint, RUN, NAMED, today=TODAY)
    plain.run(f"DROP TABLE {SESSIONS}; CREATE TABLE {SESSIONS} (id int, start_time timestamp)")
    with pytest.raises(ConflictError, match="stands already"):
        convert(plain.endpoint, RUN, NAMED, today=TODAY)


def test_a_conversion_that_fails_at_its_end_changes_nothing(plain: Database) -> None:
    before = content(plain, SESSIONS)
    plain.run("""
        CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no'; END $$;
        CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('ALTER INDEX') EXECUTE FUNCTION refuse();
    """)
    with pytest.raises(PipelineError, match="no"):
        convert(plain.endpoint, RUN, NAMED, today=TODAY)
    assert content(plain, SESSIONS) == before
    assert plain.value("SELECT count(*) FROM pg_class WHERE relname LIKE '%by_month%' OR relkind = 'p'") == 0


def test_readers_go_on_until_the_names_change_and_writers_wait(plain: Database) -> None:
    reader = plain.connect()
    with ThreadPoolExecutor(2) as threads, reader.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {SESSIONS}")
        converting = threads.submit(convert, plain.endpoint, RUN, NAMED, today=TODAY)
        waits = "SELECT FROM pg_locks WHERE NOT granted AND mode = %s AND relation = %s::regclass"
        until(plain, waits, ("AccessExclusiveLock", SESSIONS))
        writing = threads.submit(plain.run, f"INSERT INTO {SESSIONS} (start_time) VALUES ('2026-03-07')")
        until(plain, waits, ("RowExclusiveLock", SESSIONS))
        reader.close()
        assert converting.result().rows == 904
        writing.result()
    assert plain.value(f"SELECT count(*) FROM {SESSIONS}") == 905
    assert plain.value(f"SELECT count(*) FROM pgpipelines.{SESSIONS}") == 904
