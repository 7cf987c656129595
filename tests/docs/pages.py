"""Follows a page of docs/ as its reader would: runs what it says, and compares what it shows."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from demo.servers import binaries
from pgpipelines.configuration import Rollup
from pgpipelines.errors import PipelineError
from pgpipelines.rollup import tasks
from tests.fixtures.servers import Database
from tests.fixtures.tasks import as_task

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)
# `10,000 × 15 / 90 = 1,667`: computed in full, then rounded to as many decimals as are shown.
SUM = re.compile(r"`(?P<left>[\d,.]+(?: [-+×/] [\d,.]+)+) = (?P<right>-?[\d,.]+)`")
NO_BREAK = "\N{NO-BREAK SPACE}"
STEPS = {
    "hourly": tasks.roll_up_hours,
    "daily": tasks.roll_up_days,
    "station": tasks.roll_up_stations,
    "reconcile": tasks.reconcile,
}
NOTHING = {"conn_id": "target_postgres_conn", "rebuild_from": None, "rebuild_to": None}


@dataclass(frozen=True)
class Block:
    """A fenced block or a table, and the line that it begins on."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Difference:
    """What a page shows, and what there is."""

    place: str
    shown: str
    real: str


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    """The fenced blocks and the tables of a page, in order."""
    fenced = [(match.start(), match[1], match[2]) for match in FENCE.finditer(text)]
    outside = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    tables = [(match.start(), "table", match[0]) for match in TABLE.finditer(outside)]
    return [Block(kind, found, text.count("\n", 0, at) + 1) for at, kind, found in sorted([*fenced, *tables])]


def cells(row: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip())[1:-1]]


def first_block(text: str, heading: str, kind: str) -> str:
    """The first block of a kind below a heading."""
    return next(block.text for block in blocks(text[text.index(f"{heading}\n") :]) if block.kind == kind)


def first_table(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    rows = first_block(text, heading, "table").splitlines()[2:]
    return [[cell.strip("`") for cell in cells(row)] for row in rows]


@dataclass
class Reader:
    """Somebody who follows a page, with an empty database behind target_postgres_conn."""

    database: Database
    rollup: dict[str, Any] = field(default_factory=dict)

    def follow(self, text: str) -> Iterator[Difference]:
        """Do what each block says, and tell where the page shows something else than there is."""
        found = blocks(text)
        for block, after in zip(found, [*found[1:], None], strict=True):
            if block.kind == "table":
                yield from self.examples(block)
            elif block.kind != "text":
                real = self.do(block)
                shown = None if after is None or after.kind != "text" else plain(after.text)
                if (shown is None and "Error: " in real) or shown not in {None, real}:
                    yield Difference(f"line {block.line}", shown or "", real)

    def do(self, block: Block) -> str:
        """Do what a block says, and return what comes of it."""
        does = {"sql": self.query, "bash": self.command, "yaml": self.configure, "python": self.program}
        return plain(does[block.kind](block.text))

    def query(self, text: str) -> str:
        """What psql prints."""
        command = [str(binaries(self.database.server.major) / "psql"), "-Xqd", self.database.dsn]
        options = ["-v", "ON_ERROR_STOP=1", "-P", "footer=off", "-f", "-"]
        done = subprocess.run(
            [*command, *options], input=text, capture_output=True, text=True, check=False, env={"PGTZ": "UTC"}
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def command(self, text: str) -> str:
        """What the tasks of a triggered charger_stats return, up to the first that fails."""
        words = shlex.split(text)
        assert words[:4] == ["airflow", "dags", "trigger", "charger_stats"], text
        params = NOTHING | (json.loads(words[words.index("--conf") + 1]) if "--conf" in words else {})
        lines: list[str] = []
        for name, step in STEPS.items():
            try:
                result = as_task(lambda step=step: step(self.rollup, params)).result  # type: ignore[misc]
            except PipelineError as error:
                where = re.sub(r"\(.*?@.*?\)", "(pgpipelines_writer@target:5432/warehouse)", str(error))
                return "\n".join([*lines, wrapped(f"{name:9} {type(error).__name__}: {where}")])
            # What belongs to a name stays on its line.
            kept = json.dumps(result, separators=(", ", f":{NO_BREAK}"))
            lines.append(wrapped(f"{name:9} {kept}").replace(NO_BREAK, " "))
        return "\n".join(lines)

    def configure(self, text: str) -> str:
        """Take the settings of charger_stats."""
        self.rollup = Rollup.model_validate(yaml.safe_load(text)["rollups"]["charger_stats"]).settings()
        return ""

    def program(self, text: str) -> str:
        """What a program prints."""
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(text, "page", "exec"), {})  # noqa: S102 (the page is ours)
        return printed.getvalue()

    def examples(self, table: Block) -> Iterator[Difference]:
        """Compare the columns of a table that are examples: `C2 10:00` an hour, `C2 3 March` a day, `S1 3 March`."""
        heading, _, *rows = map(cells, table.text.splitlines())
        for place, title in enumerate(heading):
            real = self.row(title)
            if real is None:
                continue
            for row in rows:
                name, shown = row[0].strip("`"), row[place].strip("`")
                # A link stands for what is shown elsewhere.
                if not shown.startswith("[") and shown != (there := real[name] or "null"):
                    yield Difference(f"line {table.line}, {title}, {name}", shown, there)

    def row(self, title: str) -> dict[str, str | None] | None:
        """The figures that the heading of an example names, as text; None where it is no such heading."""
        if hour := re.fullmatch(r"(C\d) (\d\d:\d\d)", title):
            row = (
                "hourly_charger_stats WHERE charger_id = %s"
                " AND stats_hour AT TIME ZONE 'UTC' = ('2025-03-03 ' || %s)::timestamp AT TIME ZONE 'Asia/Seoul'"
            )
            values = hour.groups()
        elif day := re.fullmatch(r"(C\d|S\d) 3 March", title):
            table, key = (
                ("daily_charger_stats", "charger_id") if "C" in title else ("station_daily_stats", "station_id")
            )
            row, values = f"{table} WHERE {key} = %s AND stats_date = '2025-03-03'", day.groups()
        else:
            return None
        figures = f"SELECT e.* FROM (SELECT * FROM {row}) AS s CROSS JOIN jsonb_each_text(to_jsonb(s)) AS e"
        return dict(self.database.rows(figures, values))


def wrong_sums(database: Database, text: str) -> Iterator[Difference]:
    """The sums in a page's prose that don't come out."""
    for found in SUM.finditer(text):
        left, right = (found[side].replace(",", "").replace("×", "*") for side in ("left", "right"))
        decimals = len(right.partition(".")[2])
        exact = re.sub(r"[\d.]+", r"\g<0>::numeric", left)
        real = database.value(f"SELECT round({exact}, {decimals})::text")
        if real != right:
            yield Difference(found[0], right, real)


def wrapped(text: str) -> str:
    """Text in lines that a page has room for, each but the first indented."""
    lines = (textwrap.wrap(line, 118, subsequent_indent=" " * 10) for line in text.splitlines())
    return "\n".join(part for line in lines for part in line)


def plain(text: str) -> str:
    """Text without spaces at the ends of its lines, and without empty lines around it."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
