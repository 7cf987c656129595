"""In which order the tables of a run are written, so that the target's foreign keys hold in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.servers import Server
from pgpipelines.catalog import Reference, Table, describe_existing
from pgpipelines.checksum import Comparison
from pgpipelines.copy.definition import Definition
from pgpipelines.copy.plan import Plan, parents_first
from pgpipelines.copy.request import Selection, TableCopy
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.servers import databases

# Tables in the order of a run, each with those that its foreign keys point to.
Tables = Mapping[str, Sequence[str]]
Order = Callable[[Tables], str]


def name_of(table: str) -> QualifiedName:
    return QualifiedName("public", table)


def plan_of(number: int, table: str, target: Table | None, source: Table) -> Plan:
    copy = TableCopy(Selection(source.name), name_of(table))
    return Plan(
        number=number,
        copy=copy,
        source=source,
        target=target,
        definition=Definition(source, copy.target),
        comparison=Comparison(source.stored, (), transcode=False),
        load=target is None,
    )


@pytest.fixture(scope="module")
def some_table(server_of: Callable[..., Server]) -> Table:
    """A table as its server describes it, whose name and foreign keys are to be replaced."""
    with databases(server_of) as make:
        database = make()
        database.run("CREATE TABLE t (id int)")
        with Session(database.endpoint, "tests") as session:
            return describe_existing(session, name_of("t"))


@pytest.fixture
def order(some_table: Table) -> Order:
    """Tell the order in which tables that stand in the target are written."""

    def ordered(tables: Tables) -> str:
        plans = []
        for number, table in enumerate(tables):
            referring = [child for child, parents in tables.items() for parent in parents if parent == table]
            references = tuple(Reference(f"{child}_fkey", name_of(child), "a") for child in referring)
            target = replace(some_table, name=name_of(table), references=references)
            plans.append(plan_of(number, table, target, some_table))
        return " ".join(plan.name.name for plan in parents_first(plans))

    return ordered


CASES: dict[str, tuple[Tables, str]] = {
    "no table": ({}, ""),
    "tables that have nothing to do with each other": ({"b": "", "a": "", "c": ""}, "b a c"),
    "a chain": ({"a": "", "b": "a", "c": "b"}, "a b c"),
    "a chain from its end": ({"c": "b", "b": "a", "a": ""}, "a b c"),
    "a chain from its middle": ({"b": "a", "c": "b", "a": ""}, "a b c"),
    "others between a child and its parent": ({"x": "", "b": "a", "y": "", "a": "", "z": ""}, "x a b y z"),
    "two parents": ({"c": "ba", "b": "", "a": ""}, "b a c"),
    "two children": ({"b": "a", "c": "a", "a": ""}, "a b c"),
    "a diamond": ({"d": "bc", "c": "a", "b": "a", "a": ""}, "a c b d"),
    "a table that points to itself": ({"b": "ba", "a": "a"}, "a b"),
    "two foreign keys to one table": ({"b": "aa", "a": ""}, "a b"),
    "a table of no concern to this run": ({"b": "xa", "a": "y"}, "a b"),
    "a circle": ({"a": "b", "b": "a", "c": ""}, "b a c"),
    "a circle and what it points to": ({"a": "b", "b": "ap", "p": ""}, "p b a"),
    "a circle and what points to it": ({"z": "a", "a": "b", "b": "a"}, "b a z"),
    "two circles": ({"c": "db", "d": "c", "a": "b", "b": "a"}, "d a b c"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_table_comes_after_those_that_it_points_to_and_else_as_it_was_listed(order: Order, case: str) -> None:
    tables, expected = CASES[case]
    assert order(tables) == expected


def test_each_table_comes_once_and_never_before_its_parents(order: Order) -> None:
    names = "abcdefgh"

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(listed=st.permutations(names), data=st.data())
    def check(listed: list[str], data: st.DataObject) -> None:
        # Only letters before its own: no circle.
        parents = {name: data.draw(st.sets(st.sampled_from(names[: number + 1]))) for number, name in enumerate(names)}
        found = order({name: sorted(parents[name]) for name in listed}).split()
        assert sorted(found) == list(names)
        for name in names:
            assert all(found.index(parent) <= found.index(name) for parent in parents[name])
        assert order({name: sorted(parents[name]) for name in found}).split() == found

    check()


def test_tables_that_the_run_makes_stay_where_they_were_listed(some_table: Table) -> None:
    referred = replace(some_table, references=(Reference("fkey", name_of("child"), "a"),))
    plans = [plan_of(number, table, None, referred) for number, table in enumerate(("child", "parent"))]
    assert parents_first(plans) == plans


def test_one_source_may_be_copied_to_a_parent_and_to_elsewhere(some_table: Table) -> None:
    referred = replace(some_table, references=(Reference("fkey", name_of("child"), "a"),))
    targets = (("child", some_table), ("parent", referred), ("other", some_table))
    plans = [plan_of(number, table, target, some_table) for number, (table, target) in enumerate(targets)]
    assert [plan.name.name for plan in parents_first(plans)] == ["parent", "child", "other"]
