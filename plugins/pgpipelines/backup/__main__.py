"""Looks at sets and brings them back, by include/pipelines.yaml and the directories alone: without Airflow.

python -m pgpipelines.backup list        every set, and how far it can be trusted
python -m pgpipelines.backup overdue     a line for each database; status 1 where a newest good set is too old
python -m pgpipelines.backup retention   what the next run of each pipeline would remove; nothing is removed
python -m pgpipelines.backup restore     restores a set, by default the newest that is proven; --help says how
python -m pgpipelines.backup open SET --into FOLDER   the files of a set, compared with its manifest and decrypted
python -m pgpipelines.backup new-key     a key to encrypt sets by

Airflow is asked only for what it alone has: the connection of an object store, or of a key.
"""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from pgpipelines.backup.catalogue import table
from pgpipelines.backup.overdue import health_of
from pgpipelines.backup.pipeline import keep_of, store_of, zone_of
from pgpipelines.backup.restore.command import restore_arguments, restore_command
from pgpipelines.backup.retention import apply_retention
from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.storage.keys import Identity
from pgpipelines.backup.storage.opening import opened
from pgpipelines.backup.storage.temporary import PRIVATE
from pgpipelines.configuration import Dumps, load
from pgpipelines.errors import ConfigurationError, PipelineError

Report = tuple[list[str], bool]


@dataclass(frozen=True)
class Command:
    """What a command does with the configured pipelines and its arguments, and which arguments it takes.

    One that `acts` has done so, whatever else the configuration says.
    """

    run: Callable[[Mapping[str, Dumps], Namespace], Report]
    add_arguments: Callable[[ArgumentParser], object] = lambda _: None
    acts: bool = False


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say, and return the exit status: 0 where all is well."""
    parser = ArgumentParser(
        prog="python -m pgpipelines.backup", description="Looks at sets of dumps, and brings them back."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, description=command.run.__doc__, help=command.run.__doc__))
    chosen = parser.parse_args(arguments)
    configured = load()
    # A pipeline with a mistake is no DAG: nothing dumps its databases, and nothing says so but this.
    mistakes = [line for line in configured.mistakes if ": dumps" in line or not configured.dumps]
    try:
        lines, well = COMMANDS[chosen.command].run(configured.dumps, chosen)
    except PipelineError as error:
        lines, well = [str(error)], False
    sys.stdout.write("".join(f"{line}\n" for line in [*mistakes, *lines]))
    return 0 if well and (COMMANDS[chosen.command].acts or not mistakes) else 1


def list_command(pipelines: Mapping[str, Dumps], _: Namespace) -> Report:
    """Every set of every directory that a pipeline uses."""
    keyless = [pipeline.model_copy(update={"encryption": None}) for pipeline in pipelines.values()]
    stores = dict.fromkeys(map(store_of, keyless))
    return table([each for store in stores for each in store.sets()]), True


def overdue_command(pipelines: Mapping[str, Dumps], _: Namespace) -> Report:
    """The newest good set of each database, held against its pipeline's `overdue_after`."""
    found = [
        health_of(pipeline, conn_id, store_of(pipeline).sets(conn_id), _now())
        for pipeline in pipelines.values()
        for conn_id in pipeline.databases
    ]
    if not found:
        return ["no pipeline of `dumps` is configured: nothing is dumped"], False
    return [str(each) for each in found], not any(each.overdue for each in found)


def retention_command(pipelines: Mapping[str, Dumps], _: Namespace) -> Report:
    """What each pipeline's retention would remove now."""
    lines = [name for pipeline in pipelines.values() for name in _removable(pipeline)]
    return lines or ["nothing would be removed"], True


def open_arguments(parser: ArgumentParser) -> None:
    """Which set, and where to."""
    parser.add_argument("set", help="its name, as `list` shows it")
    parser.add_argument("--into", required=True, type=Path, help="a folder to make")


def open_command(pipelines: Mapping[str, Dumps], chosen: Namespace) -> Report:
    """The files of a set, compared with its manifest and decrypted, in a folder that is made for them."""
    if chosen.into.exists():
        raise ConfigurationError(f"{chosen.into} is there already", "name a folder that is to be made")
    conn_id = unquote(chosen.set.partition("/")[0])
    # A directory may be shared by pipelines with keys of their own.
    for pipeline in sorted(pipelines.values(), key=lambda pipeline: conn_id not in pipeline.databases):
        found = store_of(pipeline).read(chosen.set)
        if found.manifest is not None:
            with opened(found) as folder:
                copied = shutil.copytree(folder, chosen.into)
            copied.chmod(PRIVATE)
            return [f"{copied}: the files of {found.name}"], True
    return [f"there is no whole set {chosen.set}: `python -m pgpipelines.backup list` shows what there is"], False


def new_key_command(_: Mapping[str, Dumps], __: Namespace) -> Report:
    """A key to encrypt sets by."""
    made = Identity.new()
    return [f"# public key: {made.recipient}", made.text], True


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "list": Command(list_command),
        "overdue": Command(overdue_command),
        "retention": Command(retention_command),
        "restore": Command(restore_command, restore_arguments, acts=True),
        "open": Command(open_command, open_arguments, acts=True),
        "new-key": Command(new_key_command, acts=True),
    }
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
