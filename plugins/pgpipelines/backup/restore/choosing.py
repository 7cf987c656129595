"""Which set is meant: the newest good one, the one of a name, or the newest good one that is not after a time."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import datetime

from pgpipelines.backup.pipeline import store_of
from pgpipelines.backup.sets import DumpSet
from pgpipelines.configuration import Dumps
from pgpipelines.errors import ConfigurationError, VerificationError

LIST = "`python -m pgpipelines.backup list` shows what there is"


def find(pipelines: Mapping[str, Dumps], conn_id: str, wanted: str) -> DumpSet:
    """The set of a connection that is wanted (see `choose`); one that is named with its folder may be any connection's.

    Sets of a connection that no pipeline dumps any more are found in the places of those that there are.
    """
    stores = dict.fromkeys(store_of(pipeline) for pipeline in pipelines.values())
    found = [each for store in stores for each in store.sets()]
    if named := [each for each in found if each.name == wanted]:
        return choose(named, wanted, drilled=False)
    dumping = next((pipeline for pipeline in pipelines.values() if conn_id in pipeline.databases), None)
    if dumping is None:
        return choose((each for each in found if each.conn_id == conn_id), wanted, drilled=True)
    return choose(store_of(dumping).sets(conn_id), wanted, drilled=dumping.drill != "none")


def choose(sets: Iterable[DumpSet], wanted: str, *, drilled: bool) -> DumpSet:
    """Choose by what a person has written: nothing, a set's name (with or without its folder), or a time with its zone.

    Where sets are `drilled`, only those that are proven are good; by its name, any set that is not broken can be had.
    Raises ConfigurationError for what can't be meant, VerificationError where there is no such set that is good.
    """
    found = sorted(sets, key=_own_name)
    named = [each for each in found if wanted in {each.name, _own_name(each)}]
    if named:
        named[-1].require_manifest()
        return named[-1]
    until = moment(wanted) if wanted else None
    good = {"proven"} if drilled else {"proven", "whole"}
    taken = {
        each.manifest.taken_at: each
        for each in found
        if each.manifest and each.state in good and (until is None or each.manifest.taken_at <= until)
    }
    if not taken:
        raise VerificationError(
            f"there is no {'proven' if drilled else 'whole'} set" + (f" from before {until}" if until else ""),
            f"{LIST}; one that is not proven can be had by its name",
        )
    return taken[max(taken)]


def _own_name(found: DumpSet) -> str:
    """A set's name without its connection's folder: by name is by time."""
    return found.name.rpartition("/")[2]


def moment(text: str) -> datetime:
    """Read a time with its zone: 2026-11-20 03:00+09:00, 2026-11-19T18:00Z, 2026-11-20 03:00 Asia/Seoul."""
    day_and_hour, _, last = text.strip().rpartition(" ")
    zone = _zone(last)
    try:
        read = datetime.fromisoformat((day_and_hour if zone else text.strip()).replace("Z", "+00:00"))
    except ValueError:
        raise ConfigurationError(f"there is no set {text!r}, and it is no time", LIST) from None
    if zone and read.tzinfo is None:
        return read.replace(tzinfo=zone)
    if read.tzinfo is None:
        raise ConfigurationError(f"{text!r} could be any zone's", f"write {text}+09:00, {text}Z, or {text} Asia/Seoul")
    return read


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name.isprintable() and "/" in name.strip("/.") else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None
