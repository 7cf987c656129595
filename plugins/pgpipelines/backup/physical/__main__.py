"""Looks at physical backups and restores them, by include/pipelines.yaml and the folders alone: without Airflow.

python -m pgpipelines.backup.physical list        every backup, and how far it can be trusted
python -m pgpipelines.backup.physical overdue     a line for each server; status 1 where a newest good backup is too
                                                  old, or WAL that it needs is missing
python -m pgpipelines.backup.physical retention   what the next run of each pipeline would remove; nothing is removed
python -m pgpipelines.backup.physical restore …   write a data folder that recovers to a moment (restore --help)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType

from pydantic import AwareDatetime, TypeAdapter

from pgpipelines.backup.catalogue import MEGABYTE, lines_of
from pgpipelines.backup.overdue import health_of
from pgpipelines.backup.physical.backups import BaseBackup, list_backups
from pgpipelines.backup.physical.pipeline import archive_of, directory_of
from pgpipelines.backup.physical.restoring import Target, backup_for, restore, way_to
from pgpipelines.backup.physical.retention import apply_retention
from pgpipelines.backup.physical.wal import parse_lsn
from pgpipelines.configuration import BaseBackups, load
from pgpipelines.errors import ConfigurationError, PipelineError

HEADINGS = ("backup", "state", "taken", "MB", "took s", "restore s")
LATEST = "latest"

Report = tuple[list[str], bool]


@dataclass(frozen=True)
class Server:
    """A server that a pipeline backs up."""

    conn_id: str
    pipeline: BaseBackups

    @property
    def backups(self) -> list[BaseBackup]:
        """All of its backups, oldest first."""
        return list_backups(directory_of(self.pipeline), self.conn_id)

    @property
    def archive(self) -> Path:
        """Where it archives its log."""
        return archive_of(self.pipeline, self.conn_id)


Command = Callable[[Sequence[Server], argparse.Namespace], Report]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say, and return the exit status: 0 where all is well."""
    chosen = _parser().parse_args(arguments)
    configured = load()
    # A pipeline with a mistake is no DAG: nothing backs its servers up, and nothing says so but this.
    mistakes = [line for line in configured.mistakes if ": base_backups" in line or not configured.base_backups]
    servers = [Server(conn_id, each) for each in configured.base_backups.values() for conn_id in each.servers]
    try:
        lines, well = COMMANDS[chosen.command](servers, chosen)
    except PipelineError as error:
        lines, well = [str(error)], False
    sys.stdout.write("".join(f"{line}\n" for line in [*mistakes, *lines]))
    return 0 if well and not mistakes else 1


def list_command(servers: Sequence[Server], _: argparse.Namespace) -> Report:
    """Every backup of every server."""
    backups = [each for server in servers for each in server.backups]
    return lines_of(HEADINGS, _row, backups), True


def overdue_command(servers: Sequence[Server], _: argparse.Namespace) -> Report:
    """The newest good backup of each server, held against `overdue_after`, and the WAL since."""
    if not servers:
        return ["no pipeline of `base_backups` is configured: no server is backed up"], False
    found = [report for server in servers for report in _judge(server)]
    return [line for line, _ in found], all(well for _, well in found)


def retention_command(servers: Sequence[Server], _: argparse.Namespace) -> Report:
    """What each pipeline's retention would remove now."""
    lines = [
        name
        for server in servers
        for name in apply_retention(
            directory_of(server.pipeline), server.conn_id, server.pipeline.keep, server.archive, dry_run=True
        )
    ]
    return lines or ["nothing would be removed"], True


def restore_command(servers: Sequence[Server], chosen: argparse.Namespace) -> Report:
    """Write a data folder of a backup, which recovers to a moment when a server is started on it."""
    server, target = _server(servers, chosen.server), _target(chosen)
    backup = _backup(server, chosen.backup, target)
    way = restore(backup, server.archive, target, chosen.into, chosen.timeline)
    waits = "and waits there" if target.settings else "and goes on as a server"
    return [
        f"{chosen.into} is a data folder of PostgreSQL {backup.require_manifest().server_major}, of {backup.name}.",
        f"Started on it, a server replays timeline {way.timeline} to {_words(target)}, {waits}.",
    ], True


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {"list": list_command, "overdue": overdue_command, "retention": retention_command, "restore": restore_command}
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pgpipelines.backup.physical", description="Physical backups.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("list", "overdue", "retention"):
        commands.add_parser(name)
    restoring = commands.add_parser("restore", help="write a data folder that recovers to a moment")
    restoring.add_argument("--server", help="the connection that it was taken through; needed where there are several")
    restoring.add_argument("--backup", default=LATEST, help="a name of the list; else the newest before the moment")
    moment = restoring.add_mutually_exclusive_group()
    moment.add_argument("--target-time", help="such as 2026-11-20T18:30:00+09:00; else the end of the archive")
    moment.add_argument("--target-lsn", help="a position in the log, such as 0/3000060")
    restoring.add_argument("--timeline", type=int, help="else the newest that comes from the backup's")
    restoring.add_argument("--into", type=Path, required=True, help="a folder that is empty, or not there yet")
    return parser


def _judge(server: Server) -> Iterator[tuple[str, bool]]:
    found = health_of(server.pipeline, server.conn_id, server.backups, _now())
    yield str(found), not found.overdue
    if isinstance(found.newest, BaseBackup):
        try:
            way_to(found.newest, server.archive, Target())
        except PipelineError as error:
            yield f"WAL IS MISSING {server.conn_id}: {error.cause}", False


def _server(servers: Sequence[Server], named: str | None) -> Server:
    fitting = [server for server in servers if named in {None, server.conn_id}]
    if len(fitting) != 1:
        known = ", ".join(server.conn_id for server in servers) or "none"
        raise ConfigurationError(
            f"which server? `base_backups` of pipelines.yaml has: {known}", "name one of them with --server"
        )
    return fitting[0]


def _target(chosen: argparse.Namespace) -> Target:
    try:
        time = TypeAdapter(AwareDatetime | None).validate_python(chosen.target_time)
        position = None if chosen.target_lsn is None else parse_lsn(chosen.target_lsn)
    except ValueError:
        raise ConfigurationError(
            f"found {chosen.target_time or chosen.target_lsn}, which is no moment",
            "write --target-time 2026-11-20T18:30:00+09:00 (with an offset), or --target-lsn 0/3000060",
        ) from None
    return Target(time, position)


def _backup(server: Server, named: str, target: Target) -> BaseBackup:
    if named == LATEST:
        return backup_for(server.backups, target)
    found = [each for each in server.backups if named in {each.name, each.folder.name}]
    if not found:
        raise ConfigurationError(
            f"there is no backup {named}", "`python -m pgpipelines.backup.physical list` shows all"
        )
    return found[0]


def _words(target: Target) -> str:
    if target.time is not None:
        return f"{target.time.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S.%f} UTC"
    return "the archive's end" if target.position is None else f"position {target.settings['recovery_target_lsn']}"


def _row(found: BaseBackup) -> tuple[str, ...]:
    manifest, drill = found.manifest, found.drill
    if manifest is None:
        return (found.name, found.state, "", "", "", "")
    return (
        found.name,
        found.state,
        f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{manifest.bytes / MEGABYTE:,.1f}",
        f"{manifest.seconds:.1f}",
        f"{drill.seconds:.1f}" if drill and drill.proven else "",
    )


def _now() -> datetime:
    return datetime.now(timezone.utc)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
