"""Sets in an object store, by Airflow's ObjectStoragePath: taken on this machine, then uploaded, the manifest last.

An object store knows no rename and no lock that dies with its holder. So a set is one when its manifest is there, and
none from the moment when that is removed. Runs of one machine exclude each other by a lock there; runs of several write
sets of names of their own, and what has no manifest is removed only when no run can still be at it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from pgpipelines.backup.manifest import MANIFEST
from pgpipelines.backup.sets import (
    DRILL,
    DRILL_REPORT,
    TEXTS,
    DrillReport,
    DumpSet,
    described,
    file_name,
    time_of,
)
from pgpipelines.backup.storage.keys import KeySource
from pgpipelines.backup.storage.place import held
from pgpipelines.backup.storage.temporary import own_folder, private_folder
from pgpipelines.errors import ConfigurationError, ConnectionFailedError, PipelineError, PrivilegeError, one_line

# Longer than any task may run.
UNFINISHED_FOR = timedelta(days=1)
# Of an upload to S3, each 50 MiB in memory.
PIECES_AT_A_TIME = 3


@dataclass(frozen=True)
class Bucket:
    """The sets below a URL such as s3://connection@bucket/folder."""

    url: str
    keys: KeySource | None = None

    def sets(self, conn_id: str | None = None) -> list[DumpSet]:
        """See Store. One listing, then the texts of all sets at once."""
        with self._plain_errors():
            listed = self._listed("" if conn_id is None else file_name(conn_id))
            return self._described({name: files for name, files in listed.items() if MANIFEST in files})

    def read(self, name: str) -> DumpSet:
        """See Store."""
        with self._plain_errors():
            (found,) = self._described({name: self._listed(name).get(name, {})})
        return found

    @contextmanager
    def held(self, conn_id: str) -> Iterator[Path]:
        """See Store. Raises ConflictError where another run of this machine is at this connection's sets."""
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        with held(own_folder("work") / digest / file_name(conn_id)) as place:
            with self._plain_errors():
                self._remove_unfinished(conn_id)
            yield place

    def publish(self, work: Path, name: str) -> DumpSet:
        """See Store."""
        with self._plain_errors():
            paths = [path for path in work.rglob("*") if path.is_file()]
            for path in sorted(paths, key=lambda path: path.name == MANIFEST):
                self._fs.put_file(str(path), self._path(name, path.relative_to(work).as_posix()))
        published = self.read(name)
        published.require_manifest()
        return published

    @contextmanager
    def files(self, found: DumpSet) -> Iterator[Path]:
        """See Store. They are fetched, each time, from where they are kept."""
        with private_folder() as folder:
            with self._plain_errors():
                for file in found.require_manifest().files:
                    path = folder / file.name
                    path.parent.mkdir(exist_ok=True)
                    self._fs.get_file(self._path(found.name, file.name), str(path))
                    path.chmod(0o600)
            yield folder

    def note(self, name: str, report: DrillReport) -> None:
        """See Store."""
        with self._plain_errors():
            self._fs.pipe_file(self._path(name, DRILL), DRILL_REPORT.dump_json(report, indent=1))

    def remove(self, name: str) -> bool:
        """See Store. What is left where this is broken off goes when it is a day old.

        Whoever restores the set has fetched its files, or is told that they are gone.
        """
        with self._plain_errors():
            files = self._listed(name)[name]
            self._fs.rm_file(self._path(name, MANIFEST))
            self._remove(name, files.keys() - {MANIFEST})
        return True

    def _remove_unfinished(self, conn_id: str) -> None:
        """Remove what runs that are long dead have left: they were uploading, or removing."""
        begun_before = datetime.now(timezone.utc) - UNFINISHED_FOR
        for name, files in self._listed(file_name(conn_id)).items():
            taken_at = time_of(name)
            if MANIFEST not in files and taken_at is not None and taken_at < begun_before:
                self._remove(name, files)

    def _remove(self, name: str, files: Iterable[str]) -> None:
        for file in files:
            self._fs.rm_file(self._path(name, file))

    def _listed(self, under: str) -> dict[str, dict[str, int]]:
        """The bytes of each file of whatever begins like a set, by name, in order."""
        self._fs.invalidate_cache()
        found: dict[str, dict[str, int]] = {}
        for path, about in sorted(self._fs.find(self._path(under), detail=True).items()):
            connection, _, rest = path.removeprefix(self._path("")).lstrip("/").partition("/")
            folder, _, file = rest.partition("/")
            if file:
                found.setdefault(f"{connection}/{folder}", {})[file] = about["size"]
        return found

    def _described(self, listed: Mapping[str, Mapping[str, int]]) -> list[DumpSet]:
        wanted = {
            name: {text: self._path(name, text) for text in TEXTS if text in files} for name, files in listed.items()
        }
        contents = self._contents([path for paths in wanted.values() for path in paths.values()])
        texts = {
            name: {text: contents[path] for text, path in paths.items() if path in contents}
            for name, paths in wanted.items()
        }
        return [described(name, texts[name], files, self) for name, files in listed.items()]

    def _contents(self, paths: list[str]) -> dict[str, bytes]:
        """What small files hold, asked for side by side; one that was removed meanwhile is left out."""
        found = self._fs.cat(paths, on_error="return") if paths else {}
        for content in found.values():
            if isinstance(content, Exception) and not isinstance(content, FileNotFoundError):
                raise content
        return {path: content for path, content in found.items() if isinstance(content, bytes)}

    def _path(self, *parts: str) -> str:
        return "/".join([self._root.path.rstrip("/"), *parts]).rstrip("/")

    @cached_property
    def _root(self) -> Any:
        # Airflow's part is loaded, and a connection is read, only where sets are asked for.
        from airflow.sdk import ObjectStoragePath  # noqa: PLC0415 (as above)

        from pgpipelines.connections import require_defined  # noqa: PLC0415 (as above)

        root = ObjectStoragePath(self.url)
        if root.conn_id:
            # Airflow would go on without it, as whoever the machine is.
            require_defined(root.conn_id)
        return root

    @cached_property
    def _fs(self) -> Any:
        try:
            found = self._root.fs
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                f"{self.url}: {one_line(str(error))}",
                "install Airflow's provider for this kind of store, such as apache-airflow-providers-amazon[s3fs]",
            ) from None
        if hasattr(found, "max_concurrency"):
            found.max_concurrency = PIECES_AT_A_TIME
        return found

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except PipelineError:
            raise
        except PermissionError as error:
            raise PrivilegeError(
                f"{self.url}: {one_line(str(error))}",
                "see to the connection that this URL names: it needs to list, read, write and delete there",
            ) from None
        except Exception as error:  # noqa: BLE001 (the library of each store has errors of its own)
            raise ConnectionFailedError(
                f"{self.url}: {type(error).__name__}: {one_line(str(error))}",
                "see to the address and the connection that it names; no set was made or removed in part",
            ) from None
