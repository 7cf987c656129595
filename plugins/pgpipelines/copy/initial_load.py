"""The story of an initial load: load, settle, build, prove. Publishing makes it the target."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pgpipelines.catalog import FOREIGN, describe_existing
from pgpipelines.copy import differences, loading
from pgpipelines.copy.definition import Statement, indexes
from pgpipelines.copy.merging import Changes, Merging
from pgpipelines.copy.request import Selection
from pgpipelines.copy.sharing import shared
from pgpipelines.errors import VerificationError
from pgpipelines.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pgpipelines.copy.loading import Loaded
    from pgpipelines.copy.plan import Plan
    from pgpipelines.copy.sides import Sides
    from pgpipelines.templates import QualifiedName


def load(sides: Sides, plan: Plan) -> Loaded:
    """Load a table beside its target, equal to the source, with its indexes where it is to become the target."""
    progress = sides.progress
    progress.begin(str(plan.name), plan.source.estimated_rows, plan.copy.batch_size)
    with progress.step("load"):
        loaded = loading.load(sides, plan)
    proven = False
    if loaded.resumed or plan.others_sql or plan.source.kind == FOREIGN:
        with progress.step("settle"):
            loaded, proven = _settle(sides, plan, loaded)
    if plan.target is None:
        with _building(sides, plan, loaded), progress.step("verify"):
            if not proven:
                _prove(sides, plan, loaded)
            sides.target.commit()
        with progress.step("analyze"):
            sides.target.execute("copy/analyze.sql", table=loaded.table)
            sides.target.commit()
    return loaded


def _settle(sides: Sides, plan: Plan, loaded: Loaded) -> tuple[Loaded, bool]:
    """Make a load whose parts may be of several moments equal to the present one, and commit; tell whether it was.

    Parts of a load that was broken off are of older snapshots. And now() in the user's SQL, or in a view, is another
    moment in each session, though the snapshot is one, as are the rows of a foreign table: the session that holds it
    has the last word, here and in the verification.
    """
    target, key = sides.target, plan.comparison.key
    changes = Changes()
    if key and loaded.resumed:
        dropped = target.execute("copy/drop_duplicates.sql", table=loaded.table, key=key)
        changes += Changes(deleted=dropped)
    with sides.progress.watch(target.backend) as report:
        table = describe_existing(target, loaded.table)
        merging = Merging(sides.source, target, plan, table, report)
        merging.prepare()
        both = differences.contents(sides, plan, table, loaded.rows)
        equal = differences.stage_differing(both, merging, lambda: None) is None
        if not equal:
            changes += merging.merge(later=False).changes
    target.commit()
    return replace(loaded, rows=loaded.rows + changes.inserted - changes.deleted), equal


def _prove(sides: Sides, plan: Plan, loaded: Loaded) -> None:
    """Hold the loaded rows against the source's. Raises VerificationError."""
    if sides.request.verify == "count":
        require_count(sides, plan, loaded.table)
        return
    with sides.progress.watch(sides.target.backend) as report:
        table = describe_existing(sides.target, loaded.table)
        # Both are expected to be equal: one sum tells, and only if it doesn't, where.
        whole = differences.contents(sides, plan, table, 0)
        if not whole.compare().differing:
            return
        both = differences.contents(sides, plan, table, loaded.rows)
        merging = Merging(sides.source, sides.target, plan, table, report)
        differences.require_equal(both, merging, both.compare().differing)


def require_count(sides: Sides, plan: Plan, table: QualifiedName) -> None:
    """Raise VerificationError where a table has not as many rows as the source."""
    expected = sides.source.one("copy/count.sql", selection=plan.selection).rows
    found = sides.target.one("copy/count.sql", selection=Selection(table)).rows
    if expected != found:
        raise VerificationError(
            f"{plan.name} would have {found:,} rows, {plan.selection.table} has {expected:,}",
            "look for triggers of the target that drop or add rows; the target is unchanged",
        )


@contextmanager
def _building(sides: Sides, plan: Plan, loaded: Loaded) -> Iterator[None]:
    """Build the loaded table's indexes, several at the same time, while the block runs."""
    planned = indexes(sides.place, plan.definition, loaded.table)
    sides.target.commit()
    if not planned:
        yield
        return
    with sides.open_targets(min(sides.request.streams, len(planned))) as targets:
        for target in targets:
            target.execute("session/relaxed_commit.sql")
            target.prefer_indexes()
            if len(targets) > 1:
                target.execute("session/without_workers.sql")
        with shared(planned, targets, _build, Session.cancel) as results:
            yield
            # What is left to do after the rest.
            with sides.progress.step("indexes"):
                results()


def _build(target: Session, statement: Statement) -> None:
    target.use_role_search_path()
    statement.run(target)
    target.commit()
