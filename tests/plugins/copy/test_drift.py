"""Source and target come to differ: what a copy does then, case by case, and that the statements shown are right."""

from __future__ import annotations

import re

import pytest

from pgpipelines.catalog import describe_existing
from pgpipelines.copy.definition import Definition, Finding, Place, compare, widenings
from pgpipelines.errors import DriftError, PipelineError, PrivilegeError
from pgpipelines.sessions import Session
from pgpipelines.templates import QualifiedName
from tests.fixtures.copying import content, copied
from tests.fixtures.servers import Database
from tests.plugins.copy.drift_cases import BEGINNING, CASES, COPIED, NOTED, REFUSED, WIDENED, Case

T = QualifiedName("public", "t")


def findings(source: Database, target: Database, name: QualifiedName = T) -> list[Finding]:
    with Session(source.endpoint, "tests") as there, Session(target.endpoint, "tests") as here:
        definition = Definition(describe_existing(there, name), name)
        return compare(Place(here), definition, describe_existing(here, name))


def widened(source: Database, target: Database, *, widen: bool) -> list[str]:
    """Run the widenings, one transaction each, and return them as a person reads them."""
    with Session(source.endpoint, "tests") as there, Session(target.endpoint, "tests") as here:
        definition = Definition(describe_existing(there, T), T)
        statements = widenings(Place(here), definition, describe_existing(here, T), widen=widen)
        for statement in statements:
            statement.run(here)
            here.commit()
    return [statement.text for statement in statements]


def outcome(source: Database, target: Database, *, widen: bool) -> str:
    try:
        if widened(source, target, widen=widen):
            return WIDENED
    except DriftError:
        return REFUSED
    return NOTED if findings(source, target) else COPIED


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.change)
def test_a_difference_is_judged_as_the_documentation_says(source: Database, target: Database, case: Case) -> None:
    for database, change in ((source, case.source), (target, case.target)):
        database.run(BEGINNING)
        if change:
            database.run(change)
    found = findings(source, target)
    shown = one_line(" ".join(finding.remedy for finding in found if finding.remedy))
    assert shown == case.statement
    assert re.search(case.cause, "; ".join(finding.cause for finding in found))
    before = content(target)
    assert outcome(source, target, widen=False) == case.refuse
    if case.refuse == REFUSED:
        with pytest.raises(DriftError, match=case.cause or None) as caught:
            copied(source, target)
        assert one_line(caught.value.remedy) == case.statement
        assert content(target) == before
    assert outcome(source, target, widen=True) == case.widened
    if case.widened == REFUSED:
        for statement in (case.mend or shown).split("; "):
            target.run(statement)
    copied(source, target)
    names = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attnum > 0 "
    columns = source.value(names + "AND attrelid = 't'::regclass AND NOT attisdropped")
    assert content(target, "t", columns) == content(source, "t", columns)


def test_a_widened_target_differs_no_more(source: Database, target: Database) -> None:
    for case in CASES:
        if case.widened == WIDENED and "label renamed" not in case.change and "virtual" not in case.change:
            table = "ALTER TABLE t DROP COLUMN IF EXISTS more; DROP TYPE IF EXISTS size;"
            for database in (source, target):
                database.run("DROP TABLE IF EXISTS t; DROP TYPE IF EXISTS mood, pair; DROP DOMAIN IF EXISTS amount;")
                database.run(BEGINNING)
                database.run(table)
            source.run(case.source)
            assert widened(source, target, widen=True)
            assert findings(source, target) == []


def test_losses_and_widenings_are_in_one_message_and_nothing_is_widened_then(
    source: Database, target: Database
) -> None:
    source.run("CREATE TABLE t (a bigint, b text, c int)")
    target.run("CREATE TABLE t (a int, c text)")
    with pytest.raises(DriftError) as caught:
        widened(source, target, widen=True)
    assert re.findall(r"column (\w) ", caught.value.cause) == ["a", "b", "c"]
    assert (
        target.value("SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attname = 'a' AND attnum > 0")
        == "integer"
    )


def test_a_table_of_another_owner_is_copied_but_not_widened(source: Database, target: Database) -> None:
    for database in (source, target):
        database.run("CREATE TABLE t (id int PRIMARY KEY)")
    name = f"writer_{target.name}"
    target.run(f"""
        CREATE ROLE {name} LOGIN PASSWORD 'w'; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO {name};
        GRANT CREATE ON DATABASE {target.name} TO {name};
    """)
    try:
        writer = target.login(name, "w")
        assert outcome(source, writer, widen=True) == COPIED
        source.run("ALTER TABLE t ADD v text")
        with pytest.raises(PrivilegeError, match=r"public.t belongs to postgres, who alone may alter it") as caught:
            widened(source, writer, widen=True)
        assert caught.value.remedy == 'ALTER TABLE "public"."t" ADD COLUMN "v" text;'
    finally:
        target.run(f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_target_that_became_a_view_is_refused(source: Database, target: Database) -> None:
    source.run(BEGINNING)
    target.run(BEGINNING + "; ALTER TABLE t RENAME TO stored; CREATE VIEW t AS SELECT * FROM stored")
    with pytest.raises(DriftError, match=r"public.t of the target is no table"):
        copied(source, target)


def test_a_column_that_a_view_needs_says_so_when_it_can_not_be_widened(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (v bigint)")
    target.run("CREATE TABLE t (v int); CREATE VIEW w AS SELECT v FROM t")
    with pytest.raises(PipelineError, match="cannot alter type of a column used by a view"):
        widened(source, target, widen=True)


def test_the_columns_of_a_key_stay_not_null(source: Database, target: Database) -> None:
    source.run("CREATE TABLE t (id int, v int)")
    target.run("CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, UNIQUE (v))")
    assert outcome(source, target, widen=True) == NOTED
