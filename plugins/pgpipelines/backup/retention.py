"""Which sets are kept: the last of each of so many days, weeks and months.

What is removed is decided from names, times and states alone, so that it can be shown without being done.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pgpipelines.backup.sets import Store


@dataclass(frozen=True)
class Keep:
    """How many days, weeks (from Monday) and months keep their last set."""

    daily: int
    weekly: int
    monthly: int


@dataclass(frozen=True)
class Kept:
    """A set, as retention sees it."""

    name: str
    taken_at: datetime
    proven: bool


def removable(sets: Iterable[Kept], keep: Keep, zone: tzinfo, now: datetime) -> list[str]:
    """The names of the sets that need not be kept, oldest first.

    Days, weeks and months without a set do not count, so that a pause uses nothing up. Sets that are not proven stay
    as long as if all were, but never take the place of a proven one; the newest proven set always stays, and so does
    a set of the future, whose time only a wrong clock can have given.
    """
    past = sorted((each for each in sets if each.taken_at <= now), key=lambda each: (each.taken_at, each.name))
    proven = [each for each in past if each.proven]
    wanted = {each.name for each in [*_wanted(past, keep, zone), *_wanted(proven, keep, zone), *proven[-1:]]}
    return [each.name for each in past if each.name not in wanted]


def apply_retention(
    store: Store, conn_id: str, database: str, keep: Keep, *, zone: tzinfo, now: datetime, dry_run: bool = False
) -> list[str]:
    """Remove the sets of a database that need not be kept, and return their names; with `dry_run`, only return them.

    A set that is broken is left where it is: a person may want to look at it; one that is being restored is left to
    the next run. Raises ConflictError where another run is at these sets.
    """
    with store.held(conn_id):
        found = [each for each in store.sets(conn_id) if each.manifest and each.manifest.database == database]
        sets = [Kept(each.name, each.manifest.taken_at, each.state == "proven") for each in found if each.manifest]
        names = removable(sets, keep, zone, now)
        return [name for name in names if dry_run or store.remove(name)]


def _wanted(oldest_first: Sequence[Kept], keep: Keep, zone: tzinfo) -> list[Kept]:
    periods: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (keep.daily, lambda time: time.date()),
        (keep.weekly, lambda time: time.isocalendar()[:2]),
        (keep.monthly, lambda time: (time.year, time.month)),
    )
    wanted = []
    for count, period in periods:
        # Of those of one period the last one stays in the dictionary; the periods are in order.
        last = {period(each.taken_at.astimezone(zone)): each for each in oldest_first}
        wanted += list(last.values())[-count:] if count else []
    return wanted
