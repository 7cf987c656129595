"""Looks at sets, by include/pipelines.yaml and the directories alone: without Airflow, its database or a server.

python -m pgpipelines.backup list        every set, and how far it can be trusted
python -m pgpipelines.backup overdue     a line for each database; status 1 where a newest good set is too old
python -m pgpipelines.backup retention   what the next run of each pipeline would remove; nothing is removed
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from types import MappingProxyType

from pgpipelines.backup.catalogue import table
from pgpipelines.backup.pipeline import health_of, keep_of, store_of, zone_of
from pgpipelines.backup.retention import apply_retention
from pgpipelines.backup.sets import DumpSet
from pgpipelines.configuration import Dumps, load
from pgpipelines.errors import PipelineError

Report = tuple[list[str], bool]


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say, and return the exit status: 0 where all is well."""
    parser = argparse.ArgumentParser(prog="python -m pgpipelines.backup", description="Looks at sets of dumps.")
    parser.add_argument("command", choices=COMMANDS, help="list, overdue or retention")
    chosen = parser.parse_args(arguments)
    configured = load()
    # A pipeline with a mistake is no DAG: nothing dumps its databases, and nothing says so but this.
    mistakes = [line for line in configured.mistakes if ": dumps" in line or not configured.dumps]
    try:
        lines, well = COMMANDS[chosen.command](configured.dumps)
    except PipelineError as error:
        lines, well = [str(error)], False
    sys.stdout.write("".join(f"{line}\n" for line in [*mistakes, *lines]))
    return 0 if well and not mistakes else 1


def list_command(pipelines: Mapping[str, Dumps]) -> Report:
    """Every set of every directory that a pipeline uses."""
    stores = dict.fromkeys(store_of(pipeline) for pipeline in pipelines.values())
    return table([each for store in stores for each in store.sets()]), True


def overdue_command(pipelines: Mapping[str, Dumps]) -> Report:
    """The newest good set of each database, held against its pipeline's `overdue_after`."""
    found = [
        health_of(pipeline, conn_id, store_of(pipeline).sets(conn_id), _now())
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
    store = store_of(pipeline)
    for conn_id in pipeline.databases:
        for database in _databases(store.sets(conn_id)):
            yield from apply_retention(
                store, conn_id, database, keep_of(pipeline), zone=zone_of(pipeline), now=_now(), dry_run=True
            )


def _databases(sets: Iterable[DumpSet]) -> list[str]:
    return list(dict.fromkeys(each.manifest.database for each in sets if each.manifest))


def _now() -> datetime:
    return datetime.now(timezone.utc)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
