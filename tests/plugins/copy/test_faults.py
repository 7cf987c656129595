"""Whatever single value of a target is wrong, a full refresh finds it, writes that row alone, and puts it right.

PGPIPELINES_FAULTS says how many faults are put in, one at a time (at full size: 1000).
"""

from __future__ import annotations

import itertools
import os
import random

import pytest

from pgpipelines.copy.merging import Changes
from pgpipelines.errors import VerificationError
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import Database
from tests.plugins.test_checksum import OTHER_TYPES, TYPES, VALUES

FAULTS = int(os.environ.get("PGPIPELINES_FAULTS", "40"))
SEED = int(os.environ.get("PGPIPELINES_SEED", "20261120"))
COLUMNS = {f"c{number}": type_name for number, type_name in enumerate(VALUES)}
ROWS = 40
# Every so many faults is one of a row instead of a value.
ROW_FAULTS = ("lost", "extra", "doubled")
EACH_ROW_FAULT = 8


def fill(source: Database, target: Database, key: str) -> None:
    """Make equal tables of every type, full of the values that are easily taken for each other."""
    columns = ", ".join(f"{name} {type_name}" for name, type_name in COLUMNS.items())
    rows = [[values[row % len(values)] for values in VALUES.values()] for row in range(ROWS)]
    one_row = "(%s, " + ", ".join(f"%s::{type_name}" for type_name in COLUMNS.values()) + ")"
    for database, types in ((source, TYPES), (target, OTHER_TYPES)):
        database.run(types)
        database.run(
            f"CREATE TABLE t (id int {key}, {columns}); INSERT INTO t VALUES {', '.join([one_row] * ROWS)}",
            [value for number, row in enumerate(rows) for value in (number, *row)],
        )


def spoil(target: Database, column: str, chance: random.Random) -> str:
    """Put another value into some row, such that a reader sees the difference; return what it is."""
    before = content(target)
    while content(target) == before:
        wrong, row = chance.choice(VALUES[COLUMNS[column]]), chance.randrange(ROWS)
        target.run(f"UPDATE t SET {column} = %s::{COLUMNS[column]} WHERE id = %s", (wrong, row))
    return f"{COLUMNS[column]} {wrong!r} in row {row}"


def test_every_fault_is_found_and_repaired_and_no_other_row_is_written(source: Database, target: Database) -> None:
    fill(source, target, "PRIMARY KEY")
    right = content(source)
    assert content(target) == right
    assert copied(source, target).changes == Changes()
    chance, columns = random.Random(SEED), itertools.cycle(COLUMNS)
    for number in range(FAULTS):
        if number % EACH_ROW_FAULT == EACH_ROW_FAULT - 1:
            what = chance.choice(["lost", "extra"])
            expected = damage(target, what, chance.randrange(ROWS))
        else:
            what, expected = spoil(target, next(columns), chance), Changes(updated=1)
        assert_repaired(source, target, right, what, expected)


def damage(target: Database, what: str, row: int) -> Changes:
    """Take a row away, add one, or double one; return what a copy has to do about it."""
    if what == "lost":
        target.run("DELETE FROM t WHERE id = %s", (row,))
        return Changes(inserted=1)
    if what == "extra":
        target.run("INSERT INTO t (id) VALUES (%s)", (ROWS + row,))
        return Changes(deleted=1)
    target.run("INSERT INTO t SELECT * FROM t WHERE id = %s", (row,))
    # Rows of one content can't be told apart: those that are there go, those that should be there come.
    return Changes(inserted=1, deleted=2)


def assert_repaired(source: Database, target: Database, right: list[bytes], what: str, expected: Changes) -> None:
    assert content(target) != right, what
    tuples = "SELECT tableoid, ctid::text, xmin::text FROM t"
    before = set(target.rows(tuples))
    assert copied(source, target).changes == expected, what
    assert content(target) == right, what
    after = set(target.rows(tuples))
    gone, come = len(before - after), len(after - before)
    assert (gone, come) == (expected.updated + expected.deleted, expected.updated + expected.inserted), what


def test_every_fault_is_found_and_repaired_without_a_key(source: Database, target: Database) -> None:
    fill(source, target, "")
    right = content(source)
    chance, columns = random.Random(SEED), itertools.cycle(COLUMNS)
    for number in range(max(FAULTS // 4, 8)):
        what = [*ROW_FAULTS, "value"][number % 4]
        if what == "value":
            what, expected = spoil(target, next(columns), chance), Changes(inserted=1, deleted=1)
        else:
            expected = damage(target, what, chance.randrange(ROWS))
        assert_repaired(source, target, right, what, expected)


@pytest.mark.parametrize("what", ["value", *ROW_FAULTS[:2]])
def test_a_fault_that_the_target_does_not_let_be_repaired_is_named_by_its_key(
    source: Database, target: Database, what: str
) -> None:
    fill(source, target, "PRIMARY KEY")
    if what == "value":
        target.run("UPDATE t SET c0 = 7.000 WHERE id = 7")
        kind, named = "UPDATE", "(7) (different)"
    else:
        damage(target, what, 7)
        kind, named = ("INSERT", "(7) (missing)") if what == "lost" else ("DELETE", "(47) (extra)")
    target.run(f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER refuse BEFORE {kind} ON t FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
    before = content(target)
    with pytest.raises(VerificationError) as caught:
        copied(source, target)
    assert named in caught.value.cause
    assert content(target) == before


def test_a_fault_without_a_key_that_can_not_be_repaired_is_named_by_its_hash(
    source: Database, target: Database
) -> None:
    fill(source, target, "")
    damage(target, "lost", 7)
    target.run("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse();
    """)
    with pytest.raises(VerificationError, match=r"row with hash -?\d+ \(missing\)"):
        copied(source, target)
