"""Whatever happened on either side: one copy makes both tables equal to any reader, and a second one writes nothing.

PGPIPELINES_EXAMPLES raises the number of random histories tried.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.copying import content, copied
from tests.fixtures.servers import Database

TABLE = """
    DROP TABLE IF EXISTS t, child CASCADE;
    CREATE TABLE t (
        id numeric PRIMARY KEY, code int, n numeric, f float8, txt text, j jsonb, i interval, ch char(3), arr numeric[]
    );
"""
VALUES: dict[str, tuple[str | None, ...]] = {
    "n": ("1", "1.0", "1.00", "-1", "NaN", "Infinity", None),
    "f": ("0", "-0", "NaN", "1e300", None),
    "txt": ("", " ", "a", "한글", "\\", None),
    "j": ("1.0", "1.00", "null", '{"a": 1}', None),
    "i": ("1 mon", "30 days", None),
    "ch": ("", "a", None),
    "arr": ("{}", "{1.0}", "{1.00,NULL}", "[0:0]={1}", None),
}
KEYS = ("1", "1.0", "2", "3", "4", "5", "6", "7", "8")

edits = st.one_of(
    st.tuples(st.just("INSERT"), st.sampled_from(KEYS), st.integers(1, 9)),
    st.tuples(st.just("DELETE"), st.sampled_from(KEYS)),
    st.tuples(st.just("REPRINT"), st.sampled_from(KEYS)),
    st.tuples(st.just("EXCHANGE"), st.sampled_from(KEYS), st.sampled_from(KEYS)),
    *(
        st.tuples(st.just("SET"), st.sampled_from(KEYS), st.just(column), st.sampled_from(values))
        for column, values in VALUES.items()
    ),
)


def edit(database: Database, history: list[tuple[Any, ...]]) -> None:
    """Apply edits; codes stay unique because the constraint that says so is checked at the end."""
    connection = database.connect()
    with connection, connection.cursor() as run:
        for kind, key, *more in history:
            if kind == "INSERT":
                run.execute(
                    """INSERT INTO t (id, code) SELECT %s, %s
                       WHERE NOT EXISTS (SELECT FROM t WHERE id = %s OR code = %s)""",
                    (key, *more, key, *more),
                )
            elif kind == "DELETE":
                run.execute("DELETE FROM t WHERE id = %s", (key,))
            elif kind == "REPRINT":
                run.execute("UPDATE t SET id = %s WHERE id = %s", (f"{float(key)}0", key))
            elif kind == "EXCHANGE":
                run.execute(
                    """UPDATE t SET code = other.code FROM t AS other
                       WHERE t.id IN (%(a)s, %(b)s) AND other.id IN (%(a)s, %(b)s) AND t.id <> other.id""",
                    {"a": key, "b": more[0]},
                )
            else:
                run.execute(f"UPDATE t SET {more[0]} = %s WHERE id = %s", (more[1], key))
    connection.close()


def test_any_history_ends_in_equality(source: Database, target: Database) -> None:
    @settings(
        max_examples=int(os.environ.get("PGPIPELINES_EXAMPLES", "15")),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(
        before=st.lists(edits, max_size=12),
        after=st.lists(edits, max_size=12),
        tampering=st.lists(edits, max_size=8),
    )
    def check(before: list[Any], after: list[Any], tampering: list[Any]) -> None:
        for database in (source, target):
            database.run(TABLE)
        source.run("ALTER TABLE t ADD UNIQUE (code) DEFERRABLE")
        edit(source, before)
        copied(source, target)
        edit(source, after)
        edit(target, tampering)
        # From here on the target checks each row at once, as most tables do.
        target.run("ALTER TABLE t ADD CONSTRAINT at_once UNIQUE (code)")
        copied(source, target)
        assert content(target) == content(source)
        written = target.rows("SELECT id, xmin::text FROM t ORDER BY id")
        changes = copied(source, target).changes
        assert (changes.inserted, changes.updated, changes.deleted) == (0, 0, 0)
        assert target.rows("SELECT id, xmin::text FROM t ORDER BY id") == written

    check()
