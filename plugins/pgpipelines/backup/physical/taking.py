"""How a physical backup is taken: pg_basebackup with the log that it needs, a full read, and only then a name."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pgpipelines.backup.manifest import sync
from pgpipelines.backup.physical.backups import BaseBackup, backup_name, list_backups, oldest_first, read_backup
from pgpipelines.backup.physical.manifest import BACKUP_MANIFEST, DATA, BaseManifest, verify_data, write_manifest
from pgpipelines.backup.physical.wal import lsn_text
from pgpipelines.backup.processes import database_argument, run
from pgpipelines.backup.programs import Programs, major, of_same_major
from pgpipelines.backup.storage.place import PARTIAL, SETS_TO_ESTIMATE_BY, connection_folder, held, require_free
from pgpipelines.backup.storage.temporary import PRIVATE
from pgpipelines.endpoints import Endpoint
from pgpipelines.errors import ConfigurationError, PrivilegeError, ServerError
from pgpipelines.sessions import Session

CLIENT_PROGRAMS = ("pg_basebackup", "pg_waldump")
ROLE_REMEDY = "include/sql/roles/replicator.sql makes a role that may"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Basis:
    """The full backup that the next one stands on, or why it stands on none."""

    full: BaseBackup | None
    reason: str = ""


def take_backup(endpoint: Endpoint, directory: Path, application_name: str, *, incrementals: int = 0) -> BaseBackup:
    """Take a backup of a connection's server into `directory`. Raises a PipelineError; then there is none.

    It is incremental, where the server allows, as long as the newest full one has fewer than `incrementals`.
    """
    folder = connection_folder(directory, endpoint.conn_id)
    try:
        with held(folder):
            known = oldest_first(list_backups(directory, endpoint.conn_id))
            with Session(endpoint, application_name) as session:
                server = session.one("physical/server.sql")
                _require_fit(endpoint, server)
                _require_same_cluster(endpoint, server, known)
                basis = _basis(session, server, known, incrementals)
            _require_room(folder, known, basis)
            return _take(endpoint, application_name, server, folder, basis)
    except OSError as error:
        raise ServerError(
            f"{folder}: {error.strerror}", "see to the disk of this folder, and retry; there is no new backup"
        ) from error


def _take(endpoint: Endpoint, application_name: str, server: Any, folder: Path, basis: Basis) -> BaseBackup:
    started = time.monotonic()
    programs = of_same_major(major(server.server_version), CLIENT_PROGRAMS)
    final = folder / backup_name(server.now, "incremental" if basis.full else "full")
    work = final.with_name(f"{PARTIAL}{final.name}")
    work.mkdir(mode=PRIVATE)
    try:
        log.info("%s: pg_basebackup %s: %s", endpoint, programs.version, final.name)
        _copy_server(programs, endpoint, application_name, work, basis)
        finished_at = _now(endpoint, application_name)
        data = verify_data(programs, work / DATA)
        manifest = BaseManifest(
            conn_id=endpoint.conn_id,
            system_identifier=server.system_identifier,
            stands_on=basis.full.folder.name if basis.full else "",
            taken_at=server.now,
            finished_at=finished_at,
            timeline=data.log.timeline,
            start_lsn=lsn_text(data.log.begins),
            stop_lsn=lsn_text(data.log.ends),
            segment_bytes=server.segment_bytes,
            server_version=server.server_version,
            client_version=programs.version,
            data_checksums=server.data_checksums,
            bytes=data.bytes,
            files=data.files,
            notices=(basis.reason,) if basis.reason else (),
            seconds=round(time.monotonic() - started, 3),
        )
        return _publish(work, final, manifest)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _copy_server(programs: Programs, endpoint: Endpoint, application_name: str, work: Path, basis: Basis) -> None:
    """Run pg_basebackup, which waits until all is on disk."""
    command = [
        programs.path("pg_basebackup"),
        database_argument(endpoint, application_name),
        f"--pgdata={work / DATA}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--manifest-checksums=SHA256",
        "--label=pgpipelines",
        "--no-password",
    ]
    if basis.full is not None:
        command.append(f"--incremental={basis.full.data / BACKUP_MANIFEST}")
    run(command, endpoint, guarded=True)


def _publish(work: Path, final: Path, manifest: BaseManifest) -> BaseBackup:
    write_manifest(work, manifest)
    sync(work)
    work.rename(final)
    sync(final.parent)
    return read_backup(final)


def _now(endpoint: Endpoint, application_name: str) -> datetime:
    """The server's time; no session stands idle while the backup is taken."""
    with Session(endpoint, application_name) as session:
        now: datetime = session.one("physical/now.sql").now
        return now


def _require_room(folder: Path, known: Sequence[BaseBackup], basis: Basis) -> None:
    """Raise ServerError where the disk has less room than the largest of the last such backups took, and a fifth."""
    manifests = [each.require_manifest() for each in known]
    sizes = [each.bytes for each in manifests if bool(each.stands_on) == bool(basis.full)]
    require_free(folder, max(sizes[-SETS_TO_ESTIMATE_BY:], default=0), "backups")


def _require_fit(endpoint: Endpoint, server: Any) -> None:
    """Raise a PipelineError where a backup of this server would be none, or would lead nowhere."""
    if server.in_recovery:
        raise ConfigurationError(
            f"{endpoint}: this server is a replica", "let the connection lead to the primary, whose log is archived"
        )
    if server.archive_mode == "off":
        raise ConfigurationError(
            f"{endpoint}: the server archives nothing (archive_mode = off)",
            "set archive_mode and archive_command (docs/physical-backup.md), and restart it",
        )
    if server.tablespaces:
        raise ConfigurationError(
            f"{endpoint}: tablespace {', '.join(server.tablespaces)} lies outside the server's data folder",
            "backups of this package do not hold tablespaces: dump these databases instead (docs/take-dumps.md)",
        )
    if not server.may_replicate:
        raise PrivilegeError(f"{endpoint}: the role may not replicate", ROLE_REMEDY)


def _require_same_cluster(endpoint: Endpoint, server: Any, known: Sequence[BaseBackup]) -> None:
    """Raise ConfigurationError where the backups that are there are of another server: their archive is not its own."""
    others = [each.name for each in known if each.require_manifest().system_identifier != server.system_identifier]
    if others:
        raise ConfigurationError(
            f"{endpoint} is another server than the one of {others[-1]} (system identifier)",
            "give the new server a connection of its own, and so a folder and an archive of its own; or move the old "
            "backups and their archive away",
        )


def _basis(session: Session, server: Any, known: Sequence[BaseBackup], incrementals: int) -> Basis:
    """The newest full backup, where one more may stand on it."""
    full = next((each for each in reversed(known) if not each.require_manifest().stands_on), None)
    if full is None or incrementals <= sum(each.require_manifest().stands_on == full.folder.name for each in known):
        return Basis(None)
    if not server.summarizes:
        return Basis(None, "full, because the server does not summarise its log (summarize_wal, PostgreSQL 17)")
    if full.state == "failed drill":
        return Basis(None, f"full, because the drill of {full.name} failed")
    manifest = full.require_manifest()
    if not session.one("physical/summaries.sql", {"timeline": manifest.timeline, "lsn": manifest.start_lsn}).reach:
        return Basis(None, "full, because the server's summaries do not reach back (wal_summary_keep_time)")
    return Basis(full)
