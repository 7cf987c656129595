"""Initial load: all rows of a table, by several connections at the same time, beside the target.

The rows go into a loading table of its own, piece by piece, each committed together with the note that it was loaded.
So a load that was broken off goes on where it stopped. What it had loaded before is of an older snapshot then, which
the caller puts right by comparing.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgpipelines.copy.definition import creation, run_all
from pgpipelines.copy.relay import Relayed, relay
from pgpipelines.copy.sharing import shared
from pgpipelines.templates import QualifiedName, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pgpipelines.copy.plan import Plan
    from pgpipelines.copy.sides import Sides
    from pgpipelines.sessions import Session

    Pair = tuple[Session, Session]

# A piece is never larger than this, large values included; and never so small that its commit would count.
CHUNK_BYTES = 64 * 1024 * 1024
LEAST_CHUNK_BYTES = 8 * 1024 * 1024
# A load that is broken off repeats one piece per stream at most: a few hundredths of a large table.
CHUNKS_PER_TABLE = 64
# Beyond the last page that a table can have.
LAST_PAGE = 2**32 - 1

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chunk:
    """A piece of a load: some pages of one leaf (all of them without pages), or the whole selection without a leaf."""

    number: int
    leaf: QualifiedName | None
    first_page: int | None
    end_page: int | None


@dataclass(frozen=True)
class Loaded:
    """A table that was loaded beside its target. `resumed`: some of its rows are of an older snapshot."""

    table: QualifiedName
    rows: int
    bytes: int
    resumed: bool


def load(sides: Sides, plan: Plan) -> Loaded:
    """Load every row of the plan's selection into its loading table, and commit. Goes on with a load broken off."""
    chunks = plan_chunks(sides.source, plan)
    digest = _digest(plan, chunks)
    found = sides.target.one("load/find.sql", {"target_table": str(plan.name)})
    if found is not None and not (found.present and found.digest == digest):
        abandon(sides.target, plan)
        found = None
    if found is None:
        table = _start(sides, plan, digest, chunks)
    else:
        table = QualifiedName(found.loading_schema, found.loading_table)
        _drop_indexes(sides.target, table)
    done = sides.target.query("load/chunks.sql", {"target_table": str(plan.name)})
    sides.target.commit()
    pending = [_chunk(row) for row in done if row.rows is None]
    before = sum(row.rows for row in done if row.rows is not None)
    if found is not None:
        log.info("%s: going on with a load that was broken off, %s rows are here", plan.name, f"{before:,}")
    relayed = _load_chunks(sides, plan, table, pending)
    return Loaded(table, before + relayed.rows, relayed.bytes, resumed=found is not None)


def abandon(target: Session, plan: Plan) -> None:
    """Drop what a load of this table left behind, if there is anything; commits."""
    values = {"target_table": str(plan.name)}
    found = target.one("load/find.sql", values)
    if found is not None:
        target.execute("copy/drop_table.sql", table=QualifiedName(found.loading_schema, found.loading_table))
        target.execute("load/end.sql", values)
    target.commit()


def drop(target: Session, plan: Plan, loaded: Loaded) -> None:
    """Drop the loading table in the current transaction: its rows are in the target now."""
    target.execute("copy/drop_table.sql", table=loaded.table)
    end(target, plan)


def end(target: Session, plan: Plan) -> None:
    """Forget the load in the current transaction: its rows are published by it."""
    target.execute("load/end.sql", {"target_table": str(plan.name)})


def plan_chunks(source: Session, plan: Plan) -> list[Chunk]:
    """Cut a selection into pieces by the pages of its heaps; a query, view or foreign table is one piece.

    So is a table whose partitions or children this role may read only as parts of it.
    """
    if plan.selection.select is not None or plan.source.kind not in {"r", "p"}:
        return [Chunk(0, None, None, None)]
    table, only = plan.source.name, plan.selection.only
    leaves = source.query("load/leaves.sql", {"schema": table.schema, "name": table.name}, only=only)
    small = len(leaves) == 1 and leaves[0].bytes <= LEAST_CHUNK_BYTES
    if small or not all(leaf.readable for leaf in leaves):
        return [Chunk(0, None, None, None)]
    ranges = [piece for leaf in leaves for piece in _ranges(leaf, plan.copy.batch_size)]
    return [Chunk(number, *piece) for number, piece in enumerate(ranges)]


def _ranges(leaf: Any, batch_size: int) -> Iterator[tuple[QualifiedName, int | None, int | None]]:
    """Yield the leaf's name and pages from, to; the last range is open: the table may have grown since."""
    name = QualifiedName(leaf.schema, leaf.name)
    if leaf.kind != "r" or leaf.pages == 0:
        yield name, None, None
        return
    page_bytes = leaf.bytes / leaf.pages
    # A table that was never analyzed has no estimate: a batch is as small as the other bounds allow then.
    batch_pages = batch_size * leaf.pages / leaf.rows if leaf.rows else 0
    wanted = max(batch_pages, leaf.pages / CHUNKS_PER_TABLE, LEAST_CHUNK_BYTES / page_bytes)
    step = max(int(min(wanted, CHUNK_BYTES / page_bytes)), 1)
    for first in range(0, leaf.pages, step):
        yield name, first, first + step if first + step < leaf.pages else LAST_PAGE


def _digest(plan: Plan, chunks: list[Chunk]) -> str:
    """What a loading table was made for: the definition, the selection, and the tables that are read."""
    leaves = sorted({str(chunk.leaf) for chunk in chunks})
    parts = (plan.definition.digest, repr(plan.selection), str(plan.target is None), *leaves)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _chunk(row: Any) -> Chunk:
    leaf = None if row.leaf_table is None else QualifiedName(row.leaf_schema, row.leaf_table)
    return Chunk(row.number, leaf, row.first_page, row.end_page)


def _start(sides: Sides, plan: Plan, digest: str, chunks: list[Chunk]) -> QualifiedName:
    table = loading_name(plan)
    if plan.target is None:
        run_all(sides.target, creation(sides.place, plan.definition, table))
    else:
        sides.target.execute("copy/drop_table.sql", table=table)
        sides.target.execute("copy/create_loading.sql", loading=table, table=plan.name, columns=plan.columns)
    values = {"target_table": str(plan.name)}
    sides.target.execute(
        "load/start.sql", {**values, "loading_schema": table.schema, "loading_table": table.name, "digest": digest}
    )
    for chunk in chunks:
        leaf = chunk.leaf
        place = {"leaf_schema": leaf.schema if leaf else None, "leaf_table": leaf.name if leaf else None}
        pages = {"first_page": chunk.first_page, "end_page": chunk.end_page}
        sides.target.execute("load/add_chunk.sql", {**values, "number": chunk.number, **place, **pages})
    return table


def loading_name(plan: Plan) -> QualifiedName:
    """Where rows are loaded: in the target's schema what will be published as it is, else in the package's own."""
    number = hashlib.sha256(str(plan.name).encode()).hexdigest()[:16]
    return QualifiedName(plan.name.schema if plan.target is None else "pgpipelines", f"pgpipelines_loading_{number}")


def _drop_indexes(target: Session, table: QualifiedName) -> None:
    """Drop indexes that a broken load had built already: rows of two snapshots may not fit them."""
    for row in target.query("copy/index_names.sql", {"schema": table.schema, "name": table.name}):
        target.execute("copy/drop_index.sql", index=QualifiedName(row.schema, row.name))


def _load_chunks(sides: Sides, plan: Plan, table: QualifiedName, chunks: list[Chunk]) -> Relayed:
    """Load pieces by as many connections as the run may use; the first failure stops all of them."""

    def load_one(pair: Pair, chunk: Chunk) -> Relayed:
        return _load_chunk(sides, plan, table, chunk, pair)

    with sides.open_pairs(min(sides.request.streams, len(chunks)), others_sql=plan.others_sql) as pairs:
        for _, target in pairs:
            target.execute("session/relaxed_commit.sql")
        with shared(chunks, pairs, load_one, _cancel) as results:
            return sum(results(), Relayed(0, 0))


def _cancel(pair: Pair) -> None:
    for session in pair:
        session.cancel()


def _plain(plan: Plan) -> bool:
    """Tell whether a plain COPY reads what is selected: it leaves out rows of child tables, and refuses views."""
    own_rows = plan.selection.only or not plan.source.inherited
    return plan.selection.whole and plan.source.kind == "r" and own_rows


def _load_chunk(sides: Sides, plan: Plan, table: QualifiedName, chunk: Chunk, pair: Pair) -> Relayed:
    source, target = pair
    pages = chunk.first_page is not None
    read = render(
        "copy/read.sql",
        selection=plan.selection,
        leaf=chunk.leaf,
        columns=plan.columns,
        pages=pages,
        whole=chunk.leaf is None and _plain(plan),
        binary=plan.binary,
    )
    write = render("copy/write.sql", table=table, columns=plan.columns, binary=plan.binary)
    values = {"first_page": chunk.first_page, "end_page": chunk.end_page} if pages else None
    target.use_role_search_path()
    with sides.progress.watch(target.backend) as report:
        relayed = relay(source, target, read, write, report, values=values)
    target.execute(
        "load/chunk_done.sql",
        {
            "target_table": str(plan.name),
            "number": chunk.number,
            "rows": relayed.rows,
            "bytes": relayed.bytes,
            "snapshot": sides.snapshot.text,
        },
    )
    target.commit()
    sides.progress.add(relayed)
    return relayed
