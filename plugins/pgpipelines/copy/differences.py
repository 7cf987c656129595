"""Which rows of a table differ between source and target, found among the buckets that do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.checksum import Contents, buckets_for
from pgpipelines.copy.relay import Relayed, relay
from pgpipelines.copy.request import Selection
from pgpipelines.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pgpipelines.catalog import Table
    from pgpipelines.copy.changes import Condition
    from pgpipelines.copy.merging import Merging, UnequalRow
    from pgpipelines.copy.plan import Plan
    from pgpipelines.copy.sides import Sides
    from pgpipelines.sessions import Session


def contents(sides: Sides, plan: Plan, table: Table, rows: int) -> Contents:
    """Both contents of a plan, the target's in `table`, cut into buckets that suit about so many rows."""
    return Contents(
        source=sides.source,
        selection=plan.selection,
        target=sides.target,
        found=Selection(table.name, only=plan.only),
        comparison=plan.comparison,
        buckets=buckets_for(rows),
        indexed_rows=rows if _by_number(plan, table) else 0,
    )


def _by_number(plan: Plan, table: Table) -> bool:
    """Tell whether both tables find rows by a key that is one number, and are read as they are."""
    comparison, selection = plan.comparison, plan.selection
    plain = all(
        side.kind == "r" and not side.inherited and comparison.key in side.keys for side in (plan.source, table)
    )
    return plain and selection.whole and [column.hashing for column in comparison.key_columns] == ["integer"]


def stage_differing(both: Contents, merging: Merging, changed: Callable[[], Condition | None]) -> Relayed | None:
    """Compare both contents, and stage the source's rows where they differ; None where they are equal.

    Where many buckets differ, the rows that the source says have `changed` since the last run are staged first: what
    these explain needs no look at the other rows of their buckets. Nothing rests on what it says.
    Raises VerificationError where a side repeats a key: no merge knows which of the rows is meant.
    """
    compared = both.compare()
    if not compared.differing:
        return None
    buckets, relayed = compared.differing, Relayed(0, 0)
    condition = changed() if both.comparison.key and not both.are_few(buckets) else None
    if condition is not None:
        relayed = merging.stage_changed_among(condition, both.buckets, buckets)
        buckets = compared.unexplained(both.staged(merging.plan.workspace.staging))
    if not buckets:
        return relayed
    if list_differing(both, merging, buckets):
        raise not_equal(both.source, merging.plan, "rows that are there more than once", merging.named_rows())
    return relayed + merging.stage_wanted()


def list_differing(both: Contents, merging: Merging, buckets: list[int]) -> int:
    """List the keys of the rows that differ in some buckets as wanted; return how many of them a side repeats."""
    relay(
        both.source,
        both.target,
        both.send_rows(buckets),
        both.expect_rows(),
        merging.report,
        values={"chosen_buckets": buckets},
        meanwhile=lambda: both.find_rows(buckets),
    )
    both.list_differing_rows(merging.plan.workspace.wanted)
    return both.list_repeated_rows(merging.plan.workspace.wanted)


def require_equal(both: Contents, merging: Merging, buckets: list[int]) -> None:
    """Raise VerificationError, which names keys, where there are buckets that differ."""
    if not buckets:
        return
    # The plan's own list of wanted keys may be in use.
    naming = replace(merging, plan=replace(merging.plan, number=-1 - merging.plan.number))
    naming.prepare()
    list_differing(both, naming, buckets)
    raise not_equal(both.source, merging.plan, f"{len(buckets)} of {both.buckets} buckets", naming.named_rows())


def not_equal(source: Session, plan: Plan, where: str, rows: Sequence[UnequalRow]) -> VerificationError:
    """The error that names some of the rows that differ."""
    kinds = {row.kind for row in rows}
    what = "triggers or foreign keys of the target, or other writers, that change these rows"
    if plan.comparison.key and "repeated" in kinds:
        what = "tables that inherit from the target and repeat its keys, or a broken unique index (amcheck, REINDEX)"
    elif "ambiguous" in kinds:
        what = "a key that tells the source's rows apart: one of them would be lost"
    elif plan.others_sql:
        what += ", or for SQL that says something else each time that it is run (random())"
    return VerificationError(
        f"{plan.name} would differ from {plan.selection.table} ({source.endpoint}) in {where}, "
        f"for example {', '.join(map(str, rows))}",
        f"look for {what}; the target is unchanged",
    )
