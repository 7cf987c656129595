"""What a set is, and what is asked of a place that keeps sets: <connection>/<time>-<database>/."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import quote, unquote

from pydantic import TypeAdapter

from pgpipelines.backup.manifest import MANIFEST, SUMS, Manifest, UnreadableSetError, read_manifest
from pgpipelines.backup.storage.keys import KeySource
from pgpipelines.errors import VerificationError

DRILL = "drill.json"
# The files that say what a set is; the others hold it.
TEXTS = (MANIFEST, SUMS, DRILL)
State = Literal["proven", "whole", "failed drill", "broken"]


@dataclass(frozen=True)
class DrillReport:
    """How the last drill of a set went: `seconds` is what restoring took; `fault` is empty where it is proven."""

    proven: bool
    at: datetime
    seconds: float
    server_version: str
    fault: str = ""


DRILL_REPORT = TypeAdapter(DrillReport)


class Drilled(Protocol):
    """How a drill went; `fault` is empty where what was drilled is proven."""

    @property
    def proven(self) -> bool:
        """Whether it is."""

    @property
    def fault(self) -> str:
        """Why it is not."""


class Store(Protocol):
    """A place that keeps sets, and nothing else knows them. `keys` open those that are encrypted."""

    @property
    def keys(self) -> KeySource | None:
        """Where the keys of new sets, and of those that are kept, are; None where sets are not encrypted."""

    def sets(self, conn_id: str | None = None) -> list[DumpSet]:
        """Every set of a connection, or of all, oldest first within each connection. What is not whole is none."""

    def read(self, name: str) -> DumpSet:
        """What a set says of itself; its files' content is not read."""

    def held(self, conn_id: str) -> AbstractContextManager[Path]:
        """Keep other runs from a connection's sets, clear what dead ones have left, give a folder to work in."""

    def publish(self, work: Path, name: str) -> DumpSet:
        """Make the files of a folder that `held` gave a set, whole or not at all."""

    def files(self, found: DumpSet) -> AbstractContextManager[Path]:
        """Give a folder of this machine with a set's files as they are kept."""

    def note(self, name: str, report: DrillReport) -> None:
        """Write beside a set how its drill went, whole or not at all."""

    def remove(self, name: str) -> bool:
        """Remove a set: from one moment to the next it is none any more, however long its files take to go.

        Returns whether it did: a set that is being restored stays.
        """


@dataclass(frozen=True)
class DumpSet:
    """One set, by its name in `store`: connection, time and database.

    It has a manifest unless it is broken; `fault` says what is wrong with one that is no good.
    """

    name: str
    manifest: Manifest | None
    drill: DrillReport | None
    fault: str = ""
    store: Store = field(kw_only=True, repr=False)

    @property
    def conn_id(self) -> str:
        """The connection that it was taken through."""
        return unquote(self.name.partition("/")[0])

    def require_manifest(self) -> Manifest:
        """The manifest. Raises VerificationError where the set is broken."""
        if self.manifest is None:
            raise VerificationError(f"set {self.name} is broken: {self.fault}", "take another one")
        return self.manifest

    @property
    def state(self) -> State:
        """How far it can be trusted."""
        return state_of(self.manifest, self.drill)


def state_of(manifest: object | None, drill: Drilled | None) -> State:
    """How far something can be trusted that has no manifest where it is broken."""
    if manifest is None:
        return "broken"
    if drill is None:
        return "whole"
    return "proven" if drill.proven else "failed drill"


def described(name: str, texts: Mapping[str, bytes], sizes: Mapping[str, int], store: Store) -> DumpSet:
    """The set that the files of TEXTS tell of, where they are there; `sizes` has the bytes of each file."""
    try:
        return DumpSet(name, read_manifest(texts, sizes), _drill(texts.get(DRILL)), store=store)
    except UnreadableSetError as error:
        return DumpSet(name, None, None, str(error), store=store)


def set_name(conn_id: str, taken_at: datetime, database: str) -> str:
    """The name of a set: by name is by time. `taken_at` is in UTC."""
    return f"{file_name(conn_id)}/{name_by_time(taken_at, file_name(database))}"


def name_by_time(taken_at: datetime, what: str) -> str:
    """A name that orders by the time at which something was taken, in UTC."""
    return f"{taken_at:%Y%m%dT%H%M%S}.{taken_at.microsecond // 1000:03}Z-{what}"


def time_of(name: str) -> datetime | None:
    """When a set of this name was taken; None where no set would be called so."""
    moment = name.rpartition("/")[2].partition("Z-")[0]
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def file_name(text: str) -> str:
    """A text as the name of a file that no folder above or hidden file can be meant by."""
    name = quote(text, safe=" ")
    return f"%2E{name[1:]}" if name.startswith(".") else name


def _drill(text: bytes | None) -> DrillReport | None:
    try:
        return None if text is None else DRILL_REPORT.validate_json(text)
    except ValueError:
        raise UnreadableSetError(f"{DRILL} can't be read") from None
