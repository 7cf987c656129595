"""Whatever goes wrong has one message with cause and remedy, leaves the target as it was, and is in the ledger."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo.servers import own
from pgpipelines.copy import engine
from pgpipelines.copy.engine import copy_tables
from pgpipelines.copy.request import CopyRequest, Selection, TableCopy
from pgpipelines.endpoints import Bounds, Endpoint
from pgpipelines.errors import (
    ConflictError,
    ConnectionFailedError,
    DriftError,
    MissingObjectError,
    PipelineError,
    PrivilegeError,
    ServerError,
    VerificationError,
)
from tests.fixtures.copying import RUN, content, copied, copy_table, ledger_rows, name_of, request
from tests.fixtures.disks import disk
from tests.fixtures.servers import Database

TABLE = "CREATE TABLE t (id int PRIMARY KEY, name text)"
FILLED = TABLE + "; INSERT INTO t SELECT g, 'n' || g FROM generate_series(1, 5) AS g"
SHORT = Bounds(lock_timeout=100, lock_attempts=2)


@pytest.fixture
def pair(source: Database, target: Database) -> tuple[Database, Database]:
    """A source of five rows, and a target that has one of them and one that vanished."""
    source.run(FILLED)
    target.run(TABLE + "; INSERT INTO t VALUES (1, 'old'), (99, 'vanished')")
    return source, target


def fails(
    wanted: CopyRequest, kind: type[PipelineError], cause: str, target: Database | None, *, remedy: str = ""
) -> PipelineError:
    """Copy, and expect one failure that says cause and remedy in one line each, names no secret and changes nothing."""
    before = snapshot(target)
    with pytest.raises(kind, match=cause) as caught:
        copy_table(wanted, RUN)
    error = caught.value
    assert "\n" not in error.cause + error.remedy
    assert remedy in error.remedy
    for endpoint in (wanted.source, wanted.target):
        assert (endpoint.parameters.get("password") or "hunter2") not in str(error)
    if target is not None:
        assert snapshot(target) == before
        assert ledger_rows(target, "failed")[-1:] == [error.cause]
    return error


def with_side(wanted: CopyRequest, side: str, endpoint: Endpoint) -> CopyRequest:
    return replace(wanted, source=endpoint) if side == "source" else replace(wanted, target=endpoint)


def snapshot(target: Database | None) -> object:
    if target is None or target.value("SELECT to_regclass('t') IS NULL"):
        return None
    return content(target), target.rows("SELECT xmin::text FROM t ORDER BY id")


def changed(endpoint: Endpoint, **parameters: str) -> Endpoint:
    return Endpoint(endpoint.conn_id, {**endpoint.parameters, **parameters})


# -------------------------------------------------------------------------------------------------------------- login


def login_failures(free: int) -> dict[str, tuple[dict[str, str], type[PipelineError], str, str]]:
    return {
        "password": (
            {"password": "hunter2-Köy"},
            ConnectionFailedError,
            "password authentication failed",
            "password of",
        ),
        "no password": ({"password": ""}, ConnectionFailedError, "no password supplied", "set the password"),
        "refused": ({"port": str(free)}, ConnectionFailedError, "Connection refused", "check host and port"),
        "host": ({"host": "no-such-host.invalid"}, ConnectionFailedError, "could not translate", "check the host name"),
        "database": (
            {"dbname": "Nirgendwo"},
            MissingObjectError,
            'database "Nirgendwo" does not',
            "check the database",
        ),
        "tls": ({"sslmode": "require"}, ConnectionFailedError, "does not support SSL", "enable ssl on the server"),
    }


@pytest.mark.parametrize("what", login_failures(0))
@pytest.mark.parametrize("side", ["source", "target"])
def test_a_failed_login_says_why(pair: tuple[Database, Database], side: str, what: str) -> None:
    source, target = pair
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        parameters, kind, cause, remedy = login_failures(unused.getsockname()[1])[what]
        wanted = request(source, target)
        broken = changed(getattr(wanted, side), **parameters)
        wanted = with_side(wanted, side, broken)
        before = snapshot(target)
        fails(wanted, kind, cause, target if side == "source" else None, remedy=remedy)
        assert snapshot(target) == before


def test_a_server_that_never_answers_is_given_up(pair: tuple[Database, Database]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        wanted = request(*pair)
        deaf = changed(wanted.source, port=str(silent.getsockname()[1]), connect_timeout="2")
        fails(replace(wanted, source=deaf), ConnectionFailedError, "timeout expired", pair[1], remedy="check host")


# ----------------------------------------------------------------------------------------------------- missing tables


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ("tt", "did you mean public.t"),
        ('"T"', "did you mean public.t"),
        ("elsewhere.t", "did you mean public.t"),
        ("nothing_like_it", "check the name, the schema"),
    ],
)
def test_a_missing_table_is_named_with_those_that_come_close(
    pair: tuple[Database, Database], asked: str, remedy: str
) -> None:
    fails(request(*pair, asked, "t"), MissingObjectError, "does not exist", pair[1], remedy=remedy)


# --------------------------------------------------------------------------------------------------------- privileges

ROLE = "Leser %s"


@contextmanager
def role(database: Database, *grants: str) -> Iterator[Database]:
    """The database through a new role that may log in and has these grants."""
    database.run(f"""DROP ROLE IF EXISTS "{ROLE}"; CREATE ROLE "{ROLE}" LOGIN PASSWORD 'hunter2-Köy'""")
    try:
        for grant in grants:
            database.run(f'GRANT {grant} TO "{ROLE}"')
        yield Database(database.server, database.name, ROLE, "hunter2-Köy")
    finally:
        database.run(f'DROP OWNED BY "{ROLE}"; DROP ROLE "{ROLE}"')


def as_role(database: Database) -> Endpoint:
    return changed(database.endpoint, user=ROLE, password="hunter2-Köy")


@pytest.mark.parametrize("schema", ["public", '"Größen"'])
@pytest.mark.parametrize("granted", ["SELECT", "USAGE", ""])
def test_the_grant_for_reading_is_printed_and_enough(
    source: Database, target: Database, schema: str, granted: str
) -> None:
    source.run(f"CREATE SCHEMA IF NOT EXISTS {schema}; REVOKE ALL ON SCHEMA {schema} FROM PUBLIC")
    source.run(f"CREATE TABLE {schema}.t (id int PRIMARY KEY); INSERT INTO {schema}.t VALUES (1)")
    grants = {"SELECT": [f"SELECT ON {schema}.t"], "USAGE": [f"USAGE ON SCHEMA {schema}"], "": []}[granted]
    with role(source, *grants):
        wanted = replace(request(source, target, f"{schema}.t", "t"), source=as_role(source))
        error = fails(wanted, PrivilegeError, "no privilege to read", target)
        source.run(error.remedy)
        assert copy_table(wanted, RUN).rows == 1


def test_the_grants_for_all_tables_of_a_group_are_in_one_message(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY)")
    with role(source):
        names = [name_of(table) for table in ("t", "u")]
        tables = tuple(TableCopy(Selection(name), name) for name in names)
        wanted = replace(request(source, target), tables=tables, source=as_role(source))
        with pytest.raises(PrivilegeError, match=r"read public\.t · .* read public\.u\n") as caught:
            copy_tables(wanted, RUN)
        source.run(caught.value.remedy)
        assert len(copy_tables(wanted, RUN).tables) == len(tables)


WRITER = ("USAGE ON SCHEMA public", "SELECT, INSERT, UPDATE, DELETE ON t", "TEMPORARY ON DATABASE {}")
STATE = "pgpipelines.ledger, pgpipelines.load, pgpipelines.load_chunk, pgpipelines.progress"
LEDGER = ("USAGE, CREATE ON SCHEMA pgpipelines", f"SELECT, INSERT, UPDATE, DELETE ON {STATE}")


@pytest.mark.parametrize(
    ("lacking", "cause"),
    [
        ("USAGE ON SCHEMA public", "no privilege to write public.t"),
        ("SELECT ON t", "no privilege to write public.t"),
        ("INSERT ON t", "no privilege to write public.t"),
        ("UPDATE ON t", "no privilege to write public.t"),
        ("DELETE ON t", "no privilege to write public.t"),
        ("TEMPORARY ON DATABASE {}", "no privilege to write public.t"),
        ("UPDATE ON SEQUENCE t_id_seq", "no privilege to write public.t"),
        ("USAGE ON SCHEMA pgpipelines", "no privilege to write the ledger"),
        ("SELECT ON pgpipelines.ledger", "no privilege to write the ledger"),
        ("INSERT ON pgpipelines.ledger", "no privilege to write the ledger"),
        ("CREATE ON SCHEMA pgpipelines", "no privilege to write the ledger"),
        ("UPDATE ON pgpipelines.load_chunk", "no privilege to write the ledger"),
        ("DELETE ON pgpipelines.load", "no privilege to write the ledger"),
    ],
)
def test_the_grant_for_writing_is_printed_and_enough(
    source: Database, target: Database, lacking: str, cause: str
) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (7, 7)")
    target.run("CREATE TABLE t (id serial PRIMARY KEY, v int)")
    copied(source, target)
    source.run("INSERT INTO t VALUES (8, 8)")
    target.run(f"REVOKE ALL ON SCHEMA public FROM PUBLIC; REVOKE ALL ON DATABASE {target.name} FROM PUBLIC")
    target.run(f"GRANT CONNECT ON DATABASE {target.name} TO PUBLIC")
    sequence = ("USAGE, UPDATE ON SEQUENCE t_id_seq",)
    with role(target, *(grant.format(target.name) for grant in (*WRITER, *LEDGER, *sequence))):
        target.run(f'REVOKE {lacking.format(target.name)} FROM "{ROLE}"')
        wanted = replace(request(source, target), target=as_role(target))
        error = fails(wanted, PrivilegeError, cause, None if "pgpipelines" in lacking else target)
        target.run(error.remedy)
        assert copy_table(wanted, RUN).changes.inserted == 1


@pytest.mark.parametrize(
    ("schema_there", "ledger_there", "causes"),
    [
        (True, True, ["no privilege to create tables in schema s"]),
        (False, True, ["schema s does not exist, and this role may not create it"]),
        (True, False, ["no privilege to create the ledger", "no privilege to create tables in schema s"]),
        (False, False, ["no privilege to create the ledger"]),
    ],
)
def test_the_grant_for_creating_is_printed_and_enough(
    source: Database, target: Database, schema_there: bool, ledger_there: bool, causes: list[str]
) -> None:
    source.run(FILLED)
    if ledger_there:
        copied(source, target, "t", "elsewhere")
    if schema_there:
        target.run("CREATE SCHEMA s")
    with role(target, *(LEDGER if ledger_there else ())):
        wanted = replace(request(source, target, "t", "s.t"), target=as_role(target))
        for cause in causes:
            with pytest.raises(PrivilegeError, match=cause) as caught:
                copy_table(wanted, RUN)
            target.run(caught.value.remedy)
        assert copy_table(wanted, RUN).rows == 5
        target.run(
            f"""DROP SCHEMA s CASCADE; DROP SCHEMA pgpipelines CASCADE;
                REVOKE ALL ON DATABASE {target.name} FROM "{ROLE}\""""
        )


def test_a_ledger_schema_that_someone_else_made_needs_its_grant(source: Database, target: Database) -> None:
    source.run(FILLED)
    target.run("CREATE SCHEMA pgpipelines; CREATE SCHEMA s; GRANT ALL ON SCHEMA s TO PUBLIC")
    with role(target):
        wanted = replace(request(source, target, "t", "s.t"), target=as_role(target))
        error = fails(wanted, PrivilegeError, "no privilege to create the ledger", None)
        target.run(error.remedy)
        assert copy_table(wanted, RUN).rows == 5


@pytest.mark.parametrize("side", ["source", "target"])
def test_row_security_that_would_hide_rows_is_refused(pair: tuple[Database, Database], side: str) -> None:
    source, target = pair
    copied(source, target)
    database = source if side == "source" else target
    database.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON t USING (id < 3)")
    with role(database, *(grant.format(database.name) for grant in (*WRITER, *(LEDGER if side == "target" else ())))):
        wanted = with_side(request(source, target), side, as_role(database))
        error = fails(wanted, PrivilegeError, "row security would hide rows", target)
        database.run(error.remedy.split(";")[0])
        assert copy_table(wanted, RUN).verification == "checksum"


def test_a_view_whose_role_is_filtered_is_refused_with_what_helps(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); CREATE VIEW v AS SELECT * FROM t")
    source.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON t USING (id < 2)")
    with role(source, "SELECT ON t"):
        source.run(f'ALTER VIEW v OWNER TO "{ROLE}"')
        fails(request(source, target, "v"), PrivilegeError, "row-level security", target, remedy="owns the view")
        source.run(f'ALTER ROLE "{ROLE}" BYPASSRLS')
        assert copy_table(request(source, target, "v")).rows == 2


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF t FOR VALUES IN (1); "
        "CREATE TABLE p2 PARTITION OF t FOR VALUES IN (2)",
        "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE SCHEMA own; "
        "CREATE TABLE own.p PARTITION OF t FOR VALUES IN (1, 2); GRANT SELECT ON own.p TO PUBLIC",
        "CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE p PARTITION OF t FOR VALUES IN (1, 2); "
        "GRANT SELECT ON p TO PUBLIC; ALTER TABLE p ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE t (id int); CREATE TABLE child () INHERITS (t)",
    ],
)
def test_who_may_read_a_table_may_read_its_parts_by_it(source: Database, target: Database, tables: str) -> None:
    source.run(f"{tables}; INSERT INTO t VALUES (1), (2)")
    with role(source, "SELECT ON t"):
        assert copy_table(replace(request(source, target), source=as_role(source))).rows == 2
        source.run("INSERT INTO t VALUES (2)")
        assert copy_table(replace(request(source, target), source=as_role(source))).changes.inserted == 2
    assert content(target) == content(source)


def test_a_role_that_may_not_connect_is_told_the_grant(pair: tuple[Database, Database]) -> None:
    source, target = pair
    source.run(f"REVOKE CONNECT ON DATABASE {source.name} FROM PUBLIC")
    with role(source, "SELECT ON t"):
        wanted = replace(request(source, target), source=as_role(source))
        error = fails(wanted, ConnectionFailedError, "permission denied for database", target)
        source.run(error.remedy)
        assert copy_table(wanted, RUN).rows == 5


def test_a_limit_of_connections_is_named(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int)")
    with role(target):
        target.run(f'ALTER ROLE "{ROLE}" CONNECTION LIMIT 0')
        wanted = replace(request(source, target), target=as_role(target))
        error = fails(wanted, ConnectionFailedError, "too many connections for role", None)
    assert "CONNECTION LIMIT" in error.remedy


# -------------------------------------------------------------------------------------------------- locks and timeouts


def test_a_source_that_stays_locked_is_named(pair: tuple[Database, Database]) -> None:
    source, target = pair
    holder = source.connect()
    with closing(holder), holder.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        wanted = request(source, target, bounds=Bounds(lock_timeout=50))
        fails(wanted, ConflictError, "another session holds public.t", target, remedy="pg_blocking_pids")


def test_a_lock_that_is_not_granted_is_not_waited_for_forever(pair: tuple[Database, Database]) -> None:
    source, target = pair
    copied(source, target)
    source.run("UPDATE t SET name = 'changed' WHERE id = 3")
    holder = target.connect()
    with holder, holder.cursor() as cursor:
        cursor.execute("SELECT FROM t WHERE id = 3 FOR UPDATE")
        fails(replace(request(*pair), bounds=SHORT), ConflictError, "lock timeout", target, remedy="pg_blocking_pids")
    holder.close()
    assert copied(source, target).changes.updated == 1


def test_a_run_that_another_run_keeps_waiting_gives_up_in_the_end(pair: tuple[Database, Database]) -> None:
    holder = pair[1].connect()
    with holder, holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('pgpipelines:public.t', 0))")
        wanted = replace(request(*pair), bounds=SHORT)
        fails(wanted, ConflictError, "another (run|session) holds public.t", pair[1], remedy="pg_stat_activity")
    holder.close()


def test_a_run_does_not_wait_forever_for_a_target_that_somebody_rebuilds(pair: tuple[Database, Database]) -> None:
    source, target = pair
    copied(source, target)
    holder = target.connect()
    with holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        wanted = replace(request(*pair), bounds=SHORT)
        with pytest.raises(ConflictError, match=r"another session holds public\.t") as failure:
            copy_table(wanted, RUN)
        assert "pg_locks" in failure.value.remedy
    holder.close()


def test_a_run_tries_again_until_a_rebuilt_target_is_free(
    pair: tuple[Database, Database], caplog: pytest.LogCaptureFixture
) -> None:
    source, target = pair
    copied(source, target)
    source.run("UPDATE t SET name = 'changed' WHERE id = 3")
    holder = target.connect()
    with holder.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")

    class Freeing(logging.Handler):
        """Ends the rebuild as soon as the run says that it waits."""

        def emit(self, record: logging.LogRecord) -> None:
            if "waiting (" in record.getMessage():
                holder.rollback()

    engine_log = logging.getLogger("pgpipelines.copy.locking")
    caplog.set_level(logging.INFO)
    engine_log.addHandler(freeing := Freeing())
    try:
        result = copy_table(replace(request(*pair), bounds=SHORT), RUN)
    finally:
        engine_log.removeHandler(freeing)
        holder.close()
    assert result.changes.updated == 1
    assert "waiting (1 of 2)" in caplog.text


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_statement_that_takes_too_long_is_cancelled(pair: tuple[Database, Database], side: str) -> None:
    source, target = pair
    slow(source if side == "source" else target, side)
    wanted = replace(
        request(source, target, "slow" if side == "source" else "t", "t"), bounds=Bounds(statement_timeout=400)
    )
    fails(wanted, ServerError, "statement timeout", target, remedy="raise the statement timeout")


def slow(database: Database, side: str) -> None:
    """Make reading from `slow`, or writing to t, sleep."""
    if side == "source":
        database.run("CREATE VIEW slow AS SELECT id, name FROM t, pg_sleep(60) AS nap WHERE nap::text = ''")
    else:
        database.run("""
            CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
            CREATE TRIGGER sleep BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sleep();
        """)


# --------------------------------------------------------------------------------------------- servers that go away


ASLEEP = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = %s AND wait_event = 'PgSleep' AND application_name = 'tests.copy'
"""


def when_asleep(database: Database, act: Callable[[int], None]) -> threading.Thread:
    """Do something with the backend of the copy once it sleeps in that database."""

    def run() -> None:
        deadline = threading.Event()
        while True:
            if found := database.rows(ASLEEP, (database.name,)):
                act(found[0][0])
                return
            if deadline.wait(0.02):
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
def test_a_backend_that_is_ended_in_the_middle_is_reported(
    pair: tuple[Database, Database], side: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ATTEMPTS", 1)
    source, target = pair
    database = source if side == "source" else target
    slow(database, side)
    thread = when_asleep(database, lambda pid: database.run(f"SELECT {how}({pid})"))
    wanted = request(source, target, "slow" if side == "source" else "t", "t")
    fails(wanted, ServerError, "terminating connection|canceling statement|server closed", target)
    thread.join()


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_server_that_stops_in_the_middle_is_reported(database_of: Callable[..., Database], side: str) -> None:
    steady, doomed = database_of(), database_of(nth=1)
    source, target = (doomed, steady) if side == "source" else (steady, doomed)
    source.run(FILLED)
    target.run(TABLE + "; INSERT INTO t VALUES (1, 'old'), (99, 'vanished')")
    before = snapshot(target)
    slow(doomed, side)
    thread = when_asleep(doomed, lambda _: doomed.server.stop("fast"))
    try:
        wanted = request(source, target, "slow" if side == "source" else "t", "t")
        with pytest.raises(ServerError, match=r"administrator command|server closed|shutting down"):
            copy_table(wanted, RUN)
        thread.join()
    finally:
        doomed.server.start()
    assert snapshot(target) == before


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on a disk of 8 MB, which the servers may write to."""
    with disk("8m") as mount:
        folder = mount / "space"
        folder.mkdir()
        own(folder)
        yield folder


def test_a_full_disk_is_reported(pair: tuple[Database, Database], small_disk: Path) -> None:
    source, target = pair
    source.run("INSERT INTO t SELECT g, repeat('x', 100) FROM generate_series(100, 100000) AS g")
    outside(target, f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    try:
        target.run("ALTER TABLE t SET TABLESPACE small")
        fails(request(source, target), ServerError, "No space left on device", target, remedy="free space")
    finally:
        target.run("ALTER TABLE t SET TABLESPACE pg_default")
        outside(target, "DROP TABLESPACE small")


def outside(database: Database, statement: str) -> None:
    """Run a statement that no transaction may hold."""
    connection = database.connect()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


# ------------------------------------------------------------------------------------------- what the target forbids


def test_rows_that_are_there_twice_are_told(pair: tuple[Database, Database]) -> None:
    source, target = pair
    copied(source, target)
    target.run("CREATE TABLE child () INHERITS (t); INSERT INTO child SELECT * FROM ONLY t WHERE id = 3")
    error = fails(request(source, target), VerificationError, "more than once", target, remedy="inherit")
    assert error.cause.endswith("for example (3) (repeated)")
    target.run("UPDATE child SET name = 'other'; DELETE FROM ONLY t WHERE id < 3; INSERT INTO t (id) VALUES (-7)")
    error = fails(request(source, target), VerificationError, "more than once", target, remedy="inherit")
    assert "for example (3) (repeated), (-7) (extra)" in error.cause


def test_rows_that_are_there_twice_are_told_where_the_source_has_changed_them(pair: tuple[Database, Database]) -> None:
    source, target = pair
    copied(source, target)
    target.run("CREATE TABLE child () INHERITS (t); INSERT INTO child SELECT * FROM ONLY t")
    source.run("UPDATE t SET name = 'new'")
    fails(request(source, target), VerificationError, "more than once", target, remedy="inherit")


@pytest.mark.parametrize(
    ("constraint", "cause"),
    [
        ("FOREIGN KEY (id) REFERENCES parent", "violates foreign key constraint"),
        ("CHECK (name <> 'n3')", "violates check constraint"),
        ("UNIQUE NULLS NOT DISTINCT (half)", "violates unique constraint"),
        ("EXCLUDE USING hash (half WITH =)", "violates exclusion constraint"),
    ],
)
@pytest.mark.parametrize("filled", [True, False])
def test_a_constraint_of_the_target_that_refuses_rows_is_named(
    source: Database, target: Database, constraint: str, cause: str, filled: bool
) -> None:
    source.run("CREATE TABLE t (id int PRIMARY KEY, name text, half int)")
    source.run("INSERT INTO t SELECT g, 'n' || g, g / 2 FROM generate_series(1, 5) AS g")
    target.run("CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1)")
    target.run(f"CREATE TABLE t (id int PRIMARY KEY, name text, half int, {constraint})")
    if filled:
        target.run("INSERT INTO t VALUES (1, 'old', 0)")
    remedy = "copy the referenced table first" if "foreign" in cause else "compare both definitions"
    fails(request(source, target), ConflictError, cause, target, remedy=remedy)


@pytest.mark.parametrize("filled", [True, False])
def test_a_null_that_the_target_forbids_is_reported(source: Database, target: Database, filled: bool) -> None:
    source.run(TABLE + "; INSERT INTO t VALUES (1, NULL)")
    target.run("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)")
    if filled:
        target.run("INSERT INTO t VALUES (1, 'old')")
    fails(request(source, target), ConflictError, 'null value in column "name"', target, remedy="compare both")


def test_text_that_the_targets_encoding_lacks_is_reported(database_of: Callable[..., Database]) -> None:
    source, target = database_of(), database_of(options="ENCODING 'EUC_KR' LOCALE 'C' TEMPLATE template0")
    source.run(TABLE + "; INSERT INTO t VALUES (1, '가'), (2, '😀')")
    target.run(TABLE + "; INSERT INTO t VALUES (5, 'old')")
    fails(request(source, target), ConflictError, 'has no equivalent in encoding "EUC_KR"', target, remedy="UTF8")


def test_bytes_that_are_no_text_are_reported(database_of: Callable[..., Database]) -> None:
    source, target = database_of(options="ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"), database_of()
    source.run("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, E'\\xff')")
    target.run(TABLE + "; INSERT INTO t VALUES (5, 'old')")
    fails(request(source, target), ConflictError, "invalid byte sequence", target, remedy="correct the row")


def test_a_target_with_rules_is_refused(pair: tuple[Database, Database]) -> None:
    source, target = pair
    target.run("CREATE RULE keep AS ON DELETE TO t DO INSTEAD NOTHING")
    fails(request(source, target), DriftError, "rules", target, remedy="DROP RULE")
