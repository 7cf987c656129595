"""The sets of a directory, from the directory alone: <directory>/<connection>/<time>-<database>/."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from pydantic import TypeAdapter

from pgpipelines.backup.manifest import Manifest, UnreadableSetError, read_manifest
from pgpipelines.errors import VerificationError

DRILL = "drill.json"
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


@dataclass(frozen=True)
class DumpSet:
    """One set. It has a manifest unless it is broken; `fault` says what is wrong with one that is no good."""

    folder: Path
    manifest: Manifest | None
    drill: DrillReport | None
    fault: str = ""

    @property
    def name(self) -> str:
        """Its name in the directory: connection, time and database."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def conn_id(self) -> str:
        """The connection that it was taken through."""
        return unquote(self.folder.parent.name)

    def require_manifest(self) -> Manifest:
        """The manifest. Raises VerificationError where the set is broken."""
        if self.manifest is None:
            raise VerificationError(f"set {self.name} is broken: {self.fault}", "take another one")
        return self.manifest

    @property
    def state(self) -> State:
        """How far it can be trusted."""
        if self.manifest is None:
            return "broken"
        if self.drill is None:
            return "whole"
        return "proven" if self.drill.proven else "failed drill"


def connection_folder(directory: Path, conn_id: str) -> Path:
    """Where the sets of a connection are."""
    return directory / _file_name(conn_id)


def set_name(taken_at: datetime, database: str) -> str:
    """The name of a set's folder: by name is by time. `taken_at` is in UTC."""
    moment = taken_at.strftime("%Y%m%dT%H%M%S")
    return f"{moment}.{taken_at.microsecond // 1000:03}Z-{_file_name(database)}"


def list_sets(directory: Path, conn_id: str | None = None) -> list[DumpSet]:
    """Every set of a connection, or of all, oldest first within each connection. What is not whole is no set."""
    folders = [connection_folder(directory, conn_id)] if conn_id is not None else sorted(_folders(directory))
    return [read_set(folder) for place in folders for folder in sorted(_folders(place))]


def read_set(folder: Path) -> DumpSet:
    """Read what a set says of itself; its files' content is not read."""
    try:
        return DumpSet(folder, read_manifest(folder), _drill(folder))
    except UnreadableSetError as error:
        return DumpSet(folder, None, None, str(error))


def _drill(folder: Path) -> DrillReport | None:
    path = folder / DRILL
    try:
        return DRILL_REPORT.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise UnreadableSetError(f"{DRILL} can't be read") from None


def _folders(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    # What begins with @ is kept here by others than these: no connection's folder does.
    return [path for path in place.iterdir() if path.is_dir() and not path.name.startswith((".", "@"))]


def _file_name(text: str) -> str:
    """A text as the name of a file that no folder above or hidden file can be meant by."""
    name = quote(text, safe=" ")
    return f"%2E{name[1:]}" if name.startswith(".") else name
