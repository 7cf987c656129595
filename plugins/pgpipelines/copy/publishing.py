"""The target's transaction: what differs is merged, held against the source, and committed with the ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pgpipelines import ledger
from pgpipelines.catalog import Table, describe_existing
from pgpipelines.copy import differences, initial_load, loading
from pgpipelines.copy.changes import Condition, written_since
from pgpipelines.copy.cursors import has_xmin, storage
from pgpipelines.copy.definition import attachment, creation, foreign_keys, indexes, run_all, structure
from pgpipelines.copy.locking import hold_definitions
from pgpipelines.copy.merging import Changes, Merging, written
from pgpipelines.copy.plan import Plan, parents_first, selection_digest
from pgpipelines.copy.relay import Relayed
from pgpipelines.copy.selection import require_same_parts
from pgpipelines.errors import RetriableError
from pgpipelines.templates import QualifiedName, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pgpipelines.checksum import Contents
    from pgpipelines.copy.loading import Loaded
    from pgpipelines.copy.sides import Sides

NOT_COMPARED = "rows are compared once these statements have been run"
# What a sequence can fill with its own values; in a text it is part of something longer.
INTEGERS = frozenset({"int2", "int4", "int8", "numeric"})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableResult:
    """What a run did to one table. `rows` and `bytes` were read from the source; `seconds` are by step."""

    source: str
    target: QualifiedName
    strategy: str
    rows: int
    bytes: int
    changes: Changes
    seconds: Mapping[str, float]
    verification: str
    statements: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What has become of one table so far. `written` counts the row changes that this run has asked for.

    `both` are the whole contents, where they are compared; `merging` the rows on their way, where there are any.
    """

    plan: Plan
    table: QualifiedName
    verification: str
    relayed: Relayed = field(default=Relayed(0, 0))
    changes: Changes = field(default=Changes())
    written: int = 0
    both: Contents | None = None
    merging: Merging | None = None
    later: bool = False
    watermark: str | None = None
    statements: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def publish(
    sides: Sides, plans: Sequence[Plan], loaded: Mapping[int, Loaded], started_at: datetime
) -> list[TableResult]:
    """Bring every table to the source's snapshot, prove it, and commit all of them with their ledger rows.

    Parents come before children, and rows that vanish go the other way round, so that foreign keys hold in between.
    """
    target = sides.target
    hold_definitions(target, [plan.name for plan in plans if plan.target is not None])
    target.execute("session/defer_constraints.sql")
    ordered = parents_first(plans)
    outcomes = [_fill(sides, plan, loaded.get(plan.number)) for plan in ordered]
    if sides.request.dry_run:
        target.rollback()
        return [_result(sides, outcome) for outcome in _preview_foreign_keys(outcomes)]
    outcomes = [_delete_vanished(outcome) for outcome in reversed(outcomes)][::-1]
    # Deferred triggers may write rows as well: what is verified is what is committed. And no table with checks still to
    # come can be altered.
    with target.names_of_role():
        target.execute("session/judge_constraints.sql")
    outcomes = [_tell_of_others(sides, _verify(sides, outcome)) for outcome in outcomes]
    run_all(target, structure(sides.place, [(plan.definition, plan.target) for plan in plans if plan.selection.only]))
    run_all(target, foreign_keys([(plan.definition, plan.target) for plan in plans if plan.selection.whole]))
    require_same_parts(sides.source, plans)
    # A sequence does not roll back, so it waits until nothing else can fail.
    for outcome in outcomes:
        _advance_sequences(sides, outcome)
    for outcome in outcomes:
        ledger.record(target, sides.run, _entry(sides, outcome, started_at))
    target.commit()
    return [_result(sides, outcome) for outcome in outcomes]


def _fill(sides: Sides, plan: Plan, loaded: Loaded | None) -> Outcome:
    sides.progress.begin(str(plan.name), plan.source.estimated_rows, plan.copy.batch_size)
    if plan.definition.partitioned:
        return _without_rows(sides, plan)
    if loaded is not None:
        outcome = _publish_loaded(sides, plan, loaded)
    elif plan.load:
        outcome = _preview_load(sides, plan)
    elif plan.widenings and sides.request.dry_run:
        statements = tuple(statement.text for statement in plan.widenings)
        outcome = Outcome(plan, plan.name, "none", statements=statements, notices=(NOT_COMPARED,))
    else:
        outcome = _merge(sides, plan)
    if plan.position is None:
        return outcome
    # What is doubtful about the writers' clocks does not touch xmin.
    doubt = None if plan.copy.cursor is None or plan.copy.cursor.by_xmin else sides.writers.doubt
    notices = outcome.notices if doubt is None else (*outcome.notices, doubt)
    filled = storage(sides.target, plan.name, only=plan.selection.only)
    watermark = replace(plan.position.watermark, target=filled)
    return replace(outcome, watermark=watermark.to_json(), notices=notices)


def _without_rows(sides: Sides, plan: Plan) -> Outcome:
    """The outcome of a partitioned table, whose rows are those of its partitions."""
    planned = plan.widenings if sides.request.dry_run else ()
    if plan.target is None and sides.request.dry_run:
        planned = tuple(creation(sides.place, plan.definition, plan.name))
    return Outcome(plan, plan.name, "by partition", statements=tuple(statement.text for statement in planned))


def _publish_loaded(sides: Sides, plan: Plan, loaded: Loaded) -> Outcome:
    """Let the loaded table take its final name, or its rows their place in the empty target."""
    outcome = Outcome(plan, plan.name, sides.request.verify, Relayed(loaded.rows, loaded.bytes))
    if plan.target is None:
        planned = attachment(sides.place, plan.definition, loaded.table)
        with sides.target.names_of_role():
            run_all(sides.target, planned)
        loading.end(sides.target, plan)
        return replace(outcome, changes=Changes(inserted=loaded.rows))
    with sides.progress.step("merge"), sides.target.names_of_role():
        inserted = sides.target.execute(
            "copy/insert_loaded.sql", table=plan.name, loading=loaded.table, columns=plan.columns
        )
    loading.drop(sides.target, plan, loaded)
    if sides.request.verify == "count":
        initial_load.require_count(sides, plan, plan.name)
        return replace(outcome, changes=Changes(inserted=inserted))
    both = differences.contents(sides, plan, describe_existing(sides.target, plan.name), loaded.rows)
    return replace(outcome, verification="checksum", changes=Changes(inserted=inserted), both=both)


def _preview_load(sides: Sides, plan: Plan) -> Outcome:
    """Tell what a load would do: how many rows it would read, and which statements would make the table."""
    statements: tuple[str, ...] = ()
    if plan.target is None:
        planned = [
            *creation(sides.place, plan.definition, plan.name),
            *indexes(sides.place, plan.definition, plan.name),
            *attachment(sides.place, plan.definition, plan.name),
        ]
        statements = tuple(statement.text for statement in planned)
    # Not the estimate: a table that was never analyzed has none.
    rows = sides.source.one("copy/count.sql", selection=plan.selection).rows
    return Outcome(plan, plan.name, "none", Relayed(rows, 0), Changes(inserted=rows), statements=statements)


def _preview_foreign_keys(outcomes: list[Outcome]) -> list[Outcome]:
    """Show the foreign keys that a copy would add behind the last table: by then both ends would be there."""
    *others, last = outcomes
    plans = [outcome.plan for outcome in outcomes if outcome.plan.selection.whole]
    planned = foreign_keys([(plan.definition, plan.target) for plan in plans])
    texts = tuple(statement.text for statement in planned)
    return [*others, replace(last, statements=(*last.statements, *texts))]


def _merge(sides: Sides, plan: Plan) -> Outcome:
    """Bring the rows that changed or differ, and write them."""
    table = describe_existing(sides.target, plan.name)
    _require_unchanged(plan, table)
    with sides.progress.watch(sides.target.backend) as report:
        outcome = _stage(sides, Merging(sides.source, sides.target, plan, table, report))
        merging = outcome.merging
        if merging is None:
            return outcome
        if sides.request.dry_run:
            unknown = merging.stage_unknown()
            return replace(outcome, relayed=outcome.relayed + unknown, changes=merging.preview())
        later = _referenced(sides, table)
        with sides.progress.step("merge"):
            merged = merging.merge(later=later)
    relayed = outcome.relayed + merged.relayed
    return replace(outcome, relayed=relayed, changes=merged.changes, written=merged.written, later=later)


def _stage(sides: Sides, merging: Merging) -> Outcome:
    plan = merging.plan
    merging.prepare()
    if sides.request.strategy == "incremental" and plan.position is not None:
        if plan.position.condition is not None:
            return _stage_changed(sides, merging, plan.position.condition)
        log.info("%s: every row is compared: %s", plan.name, plan.position.reason)
    return _stage_differing(sides, merging)


def _stage_changed(sides: Sides, merging: Merging, condition: Condition) -> Outcome:
    """Stage the rows that changed since the last run."""
    with sides.progress.step("read"):
        relayed = merging.stage_changed(condition)
    return Outcome(merging.plan, merging.plan.name, "checksum of the changed rows", relayed, merging=merging)


def _stage_differing(sides: Sides, merging: Merging) -> Outcome:
    """Compare all rows, and stage those that differ; without `merging` in the outcome there are none."""
    plan = merging.plan
    rows = max(plan.source.estimated_rows, merging.table.estimated_rows)
    both = differences.contents(sides, plan, merging.table, rows)
    with sides.progress.step("compare"):
        relayed = differences.stage_differing(both, merging, lambda: _changed(sides, plan))
    if plan.comparison.key or relayed is None:
        # Few are compared once more: the checksums of all tables of a run would be much to keep until then.
        both = replace(both)
    if relayed is None:
        return Outcome(plan, plan.name, "checksum", both=both)
    return Outcome(plan, plan.name, "checksum", relayed, both=both, merging=merging)


def _changed(sides: Sides, plan: Plan) -> Condition | None:
    """Which rows the source says have changed since the last run into the table, if it can tell."""
    if plan.position is not None and plan.position.condition is not None:
        return plan.position.condition
    if not has_xmin(sides.source, plan.selection):
        return None
    digest = selection_digest(plan.selection)
    last = ledger.last_snapshot(sides.target, str(plan.name), sides.snapshot.origin, digest)
    return written_since(last, sides.snapshot.text) if last else None


def _require_unchanged(plan: Plan, found: Table) -> None:
    """Raise RetriableError where the target's definition is another than the one that was accepted."""
    before = plan.target
    if before is None or (before.columns, before.uniques, before.keys) != (found.columns, found.uniques, found.keys):
        raise RetriableError(f"the definition of {plan.name} has changed meanwhile", "retry")


def _referenced(sides: Sides, table: Table) -> bool:
    """Tell whether other tables of this run refer to the table."""
    others = {copy.target for copy in sides.request.tables if copy.target != table.name}
    return any(reference.table in others for reference in table.references)


def _delete_vanished(outcome: Outcome) -> Outcome:
    if not outcome.later or outcome.merging is None:
        return outcome
    deleted = outcome.merging.delete_vanished()
    return replace(outcome, changes=outcome.changes + deleted, written=outcome.written + deleted.deleted)


def _verify(sides: Sides, outcome: Outcome) -> Outcome:
    """Hold the target's rows against the source's. Raises VerificationError, which names keys, where they differ."""
    if outcome.plan.target is None or (outcome.both is None and outcome.merging is None):
        return outcome  # proven before it took its name, or by count
    if outcome.merging is None and not outcome.relayed.rows and not written(sides.target, outcome.plan.name):
        return outcome  # found equal, and no trigger or foreign key of the other tables has changed it since
    sides.progress.begin(str(outcome.plan.name), outcome.plan.source.estimated_rows, outcome.plan.copy.batch_size)
    with sides.progress.step("verify"), sides.progress.watch(sides.target.backend) as report:
        if outcome.merging is None and outcome.both is not None:
            merging = Merging(sides.source, sides.target, outcome.plan, outcome.plan.target, report)
            differences.require_equal(outcome.both, merging, outcome.both.compare().differing)
            return outcome
        return _verify_merged(sides, outcome)


def _verify_merged(sides: Sides, outcome: Outcome) -> Outcome:
    """Hold the rows that were merged against the hashes that came with them.

    Rows that a comparison found equal are still equal where nothing else was written in this transaction: the server
    counts what was, by triggers too. Otherwise all rows are compared again.
    """
    merging, both, plan = outcome.merging, outcome.both, outcome.plan
    if merging is None:
        return outcome
    unequal = merging.unequal_rows() if plan.comparison.key else []
    if unequal:
        raise differences.not_equal(sides.source, plan, "rows that were written", unequal)
    strangers = merging.written() - outcome.written
    if both is not None and (strangers or not plan.comparison.key):
        differences.require_equal(both, merging, both.compare().differing)
    if both is None and strangers:
        notice = f"triggers or foreign keys of the target wrote {strangers} more rows of {plan.name}"
        return replace(outcome, notices=(*outcome.notices, notice))
    return outcome


def _tell_of_others(sides: Sides, outcome: Outcome) -> Outcome:
    """Add a notice for each table that is not copied, and that lost or changed rows by its foreign key to this one."""
    if outcome.merging is None:
        return outcome
    copied = {copy.target for copy in sides.request.tables}
    others = [reference for reference in outcome.merging.table.references if reference.table not in copied]
    counts = [(reference, written(sides.target, reference.table)) for reference in others]
    notices = [f"{each.table} had {rows} rows deleted or changed by {each.name}" for each, rows in counts if rows]
    return replace(outcome, notices=(*outcome.notices, *notices))


def _advance_sequences(sides: Sides, outcome: Outcome) -> None:
    """Let the target's sequences go on after the values that were copied now."""
    plan, merging = outcome.plan, outcome.merging
    rows = plan.name if merging is None else plan.workspace.staging
    for column in _filled_table(sides, plan).stored:
        if column.sequence is not None and column.name in plan.columns and column.base in INTEGERS:
            values = {"sequence": quoted(column.sequence.name)}
            sides.target.execute("copy/advance_sequence.sql", values, table=rows, column=column.name)


def _filled_table(sides: Sides, plan: Plan) -> Table:
    """The target as it is to be committed."""
    if plan.target is None:
        made = any(column.sequence is not None for column in plan.definition.source.stored)
        return describe_existing(sides.target, plan.name) if made else plan.definition.source
    # Where rows were compared or merged, it was held against what it is.
    return describe_existing(sides.target, plan.name) if plan.load or plan.definition.partitioned else plan.target


def _entry(sides: Sides, outcome: Outcome, started_at: datetime) -> ledger.Entry:
    plan, snapshot = outcome.plan, sides.snapshot
    return ledger.Entry(
        source=str(sides.request.source),
        source_table=str(plan.selection.table),
        target_table=str(plan.name),
        strategy=sides.request.strategy,
        status="succeeded",
        started_at=started_at,
        snapshot=snapshot.text,
        snapshot_at=snapshot.taken_at,
        columns=plan.columns,
        rows_read=outcome.relayed.rows,
        rows_inserted=outcome.changes.inserted,
        rows_updated=outcome.changes.updated,
        rows_deleted=outcome.changes.deleted,
        bytes=outcome.relayed.bytes,
        seconds=sides.progress.seconds.get(str(plan.name), {}),
        verification=outcome.verification,
        origin=snapshot.origin,
        selection=selection_digest(plan.selection),
        watermark=outcome.watermark,
        notices=list(outcome.notices),
    )


def _result(sides: Sides, outcome: Outcome) -> TableResult:
    return TableResult(
        source=str(outcome.plan.selection.table),
        target=outcome.plan.name,
        strategy=sides.request.strategy,
        rows=outcome.relayed.rows,
        bytes=outcome.relayed.bytes,
        changes=outcome.changes,
        seconds=sides.progress.seconds.get(str(outcome.plan.name), {}),
        verification=outcome.verification,
        statements=outcome.statements,
        notices=outcome.notices,
    )
