"""What a database holds, as numbers that a restored one is compared by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pgpipelines.catalog import describe
from pgpipelines.checksum import DEFINITION, Comparison
from pgpipelines.copy.request import Selection
from pgpipelines.errors import RetriableError
from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from pgpipelines.sessions import Session


@dataclass(frozen=True)
class TableContent:
    """The rows of one table, without those of its partitions or children: their number, and the sum of their hashes."""

    table: QualifiedName
    rows: int
    hash: str


@dataclass(frozen=True)
class LargeObjects:
    """All large objects: how many, bytes in all, and a hash of their content."""

    objects: int
    bytes: int
    hash: str


@dataclass(frozen=True)
class Extension:
    """An extension and its version."""

    name: str
    version: str


@dataclass(frozen=True)
class Position:
    """Where a sequence stands."""

    last_value: int
    is_called: bool


@dataclass(frozen=True)
class SequenceRange:
    """Where a sequence stood before pg_dump read it, and where after: it moves on, whatever the snapshot."""

    sequence: QualifiedName
    before: Position
    after: Position

    def allows(self, found: Position) -> bool:
        """Tell whether pg_dump may have found it there."""
        if self.before == self.after:
            return found == self.before
        low, high = sorted((self.before.last_value, self.after.last_value))
        return low <= found.last_value <= high


@dataclass(frozen=True)
class Contents:
    """What a snapshot of a database holds, but for its sequences; `left_out` names tables whose rows can't be read.

    Hashes of different definitions tell nothing of each other (`compares`).
    """

    tables: tuple[TableContent, ...]
    large_objects: LargeObjects
    extensions: tuple[Extension, ...]
    left_out: tuple[QualifiedName, ...] = ()
    definition: int = DEFINITION

    @property
    def compares(self) -> bool:
        """Tell whether these hashes are of the kind that is computed now."""
        return self.definition == DEFINITION


def read_contents(session: Session, *, in_recovery: bool = False) -> Contents:
    """Read everything in the session's snapshot, one table after the other. A PipelineError names what may not be read.

    A replica can't read unlogged tables; pg_dump leaves their rows out there, and so do we, by name.
    """
    found = session.query("dump/tables.sql")
    unreadable = [row for row in found if in_recovery and row.unlogged]
    large_objects = session.one("dump/large_objects.sql")
    return Contents(
        tables=tuple(_table(session, QualifiedName(row.schema, row.name)) for row in found if row not in unreadable),
        large_objects=LargeObjects(large_objects.objects, large_objects.bytes, str(large_objects.hash)),
        extensions=tuple(Extension(row.name, row.version) for row in session.query("dump/extensions.sql")),
        left_out=tuple(QualifiedName(row.schema, row.name) for row in unreadable),
    )


def read_positions(session: Session) -> dict[QualifiedName, Position]:
    """Where each sequence stands now."""
    names = [QualifiedName(row.schema, row.name) for row in session.query("dump/sequences.sql")]
    return {name: _position(session, name) for name in names}


def differences(
    wanted: Contents, sequences: tuple[SequenceRange, ...], found: Contents, positions: Mapping[QualifiedName, Position]
) -> Iterator[str]:
    """Name what a restored database has otherwise than it should, object by object.

    Where the wanted hashes are of another definition, rows are only counted.
    """
    yield from _of_tables(
        {each.table: each if wanted.compares else replace(each, hash="") for each in wanted.tables},
        {each.table: each for each in found.tables if each.table not in wanted.left_out},
    )
    for each in sequences:
        at = positions.get(each.sequence)
        if at is None or not each.allows(at):
            place = "missing" if at is None else f"at {at.last_value}"
            yield f"sequence {each.sequence}: {place} instead of {each.before.last_value} to {each.after.last_value}"
    objects = wanted.large_objects if wanted.compares else replace(wanted.large_objects, hash=found.large_objects.hash)
    if objects != found.large_objects:
        yield f"large objects: {_of_objects(found.large_objects)} instead of {_of_objects(objects)}"
    missing = {each.name for each in wanted.extensions} - {each.name for each in found.extensions}
    yield from (f"extension {name}: missing" for name in sorted(missing))


def _of_tables(
    wanted: Mapping[QualifiedName, TableContent], found: Mapping[QualifiedName, TableContent]
) -> Iterator[str]:
    for name in sorted({*wanted, *found}):
        if name not in found:
            yield f"table {name}: missing"
        elif name not in wanted:
            yield f"table {name}: not in the manifest"
        elif wanted[name].rows != found[name].rows:
            yield f"table {name}: {found[name].rows} rows instead of {wanted[name].rows}"
        elif wanted[name].hash not in {"", found[name].hash}:
            yield f"table {name}: {found[name].rows} rows as expected, but with other content"


def _of_objects(objects: LargeObjects) -> str:
    return f"{objects.objects} of {objects.bytes} bytes with hash {objects.hash}"


def _table(session: Session, name: QualifiedName) -> TableContent:
    described = describe(session, name)
    if described is None:
        raise RetriableError(
            f"{session.endpoint}: table {name} was dropped while it was being dumped",
            "retry, when nobody changes tables",
        )
    comparison = Comparison(described.stored, key=(), transcode=False)
    row = session.one("dump/checksum.sql", **comparison.context(Selection(name, only=True)))
    return TableContent(name, row.rows, str(row.hash)) if row else TableContent(name, 0, "0")


def _position(session: Session, name: QualifiedName) -> Position:
    row = session.one("dump/position.sql", sequence=name)
    return Position(row.last_value, row.is_called)
