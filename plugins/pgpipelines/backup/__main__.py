"""Looks at sets and brings them back, by include/pipelines.yaml and the directories alone: without Airflow.

python -m pgpipelines.backup list        every set, and how far it can be trusted
python -m pgpipelines.backup overdue     a line for each database; status 1 where a newest good set is too old
python -m pgpipelines.backup retention   what the next run of each pipeline would remove; nothing is removed
python -m pgpipelines.backup restore     restores a set, by default the newest that is proven; --help says how
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType

from pgpipelines.backup.overdue import health
from pgpipelines.backup.pipeline import directory_of, keep_of, zone_of
from pgpipelines.backup.restore_command import restore_command
from pgpipelines.backup.retention import apply_retention
from pgpipelines.backup.sets import DumpSet, list_sets
from pgpipelines.configuration import Dumps, load
from pgpipelines.configuration.values import parse_duration
from pgpipelines.errors import PipelineError

HEADINGS = ("set", "state", "taken", "MB", "rows", "dump s", "restore s")
MEGABYTE = 1_000_000

RESTORE = "restore"

Report = tuple[list[str], bool]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say, and return the exit status: 0 where all is well."""
    parser = argparse.ArgumentParser(prog="python -m pgpipelines.backup", description="Looks at sets of dumps.")
    parser.add_argument("command", choices=[*COMMANDS, RESTORE], help=f"{', '.join(COMMANDS)} or {RESTORE}")
    chosen = parser.parse_args(arguments[:1])
    more = arguments[1:]
    if more and chosen.command != RESTORE:
        parser.error(f"{chosen.command} takes no arguments")
    configured = load()
    # A pipeline with a mistake is no DAG: nothing dumps its databases, and nothing says so but this.
    mistakes = [line for line in configured.mistakes if ": dumps" in line or not configured.dumps]
    try:
        if chosen.command == RESTORE:
            lines, well = restore_command(configured.dumps, more)
        else:
            lines, well = COMMANDS[chosen.command](configured.dumps)
    except PipelineError as error:
        lines, well = [str(error)], False
    sys.stdout.write("".join(f"{line}\n" for line in [*mistakes, *lines]))
    # What was restored is restored, whatever else the file says.
    return 0 if well and (chosen.command == RESTORE or not mistakes) else 1


def list_command(pipelines: Mapping[str, Dumps]) -> Report:
    """Every set of every directory that a pipeline uses."""
    directories = dict.fromkeys(directory_of(pipeline) for pipeline in pipelines.values())
    sets = [each for directory in directories for each in list_sets(directory)]
    table = [HEADINGS, *map(_row, sets)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADINGS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in table]
    faults = [f"{each.name}: {fault}" for each in sets if (fault := _fault(each))]
    return lines + faults, True


def overdue_command(pipelines: Mapping[str, Dumps]) -> Report:
    """The newest good set of each database, held against its pipeline's `overdue_after`."""
    found = [
        health(
            list_sets(directory_of(pipeline), conn_id),
            conn_id,
            drilled=pipeline.drill != "none",
            limit=parse_duration(pipeline.overdue_after),
            now=_now(),
        )
        for pipeline in pipelines.values()
        for conn_id in pipeline.databases
    ]
    if not found:
        return ["no pipeline of `dumps` is configured: nothing is dumped"], False
    return [str(each) for each in found], not any(each.overdue for each in found)


def retention_command(pipelines: Mapping[str, Dumps]) -> Report:
    """What each pipeline's retention would remove now."""
    lines = [name for pipeline in pipelines.values() for name in _removable(pipeline)]
    return lines or ["nothing would be removed"], True


COMMANDS: Mapping[str, Callable[[Mapping[str, Dumps]], Report]] = MappingProxyType(
    {"list": list_command, "overdue": overdue_command, "retention": retention_command}
)


def _removable(pipeline: Dumps) -> Iterator[str]:
    directory = directory_of(pipeline)
    for conn_id in pipeline.databases:
        for database in _databases(list_sets(directory, conn_id)):
            yield from apply_retention(
                directory, conn_id, database, keep_of(pipeline), zone=zone_of(pipeline), now=_now(), dry_run=True
            )


def _databases(sets: Iterable[DumpSet]) -> list[str]:
    return list(dict.fromkeys(each.manifest.database for each in sets if each.manifest))


def _row(found: DumpSet) -> tuple[str, ...]:
    manifest, drill = found.manifest, found.drill
    if manifest is None:
        return (found.name, found.state, "", "", "", "", "")
    return (
        found.name,
        found.state,
        f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{manifest.bytes / MEGABYTE:,.1f}",
        f"{manifest.rows:,}",
        f"{manifest.seconds:.1f}",
        f"{drill.seconds:.1f}" if drill and drill.proven else "",
    )


def _fault(found: DumpSet) -> str:
    return found.fault or (found.drill.fault if found.drill else "")


def _now() -> datetime:
    return datetime.now(timezone.utc)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
