"""Checks the SQL templates against PostgreSQL's own grammar: python -m tests.sql_lint [FOLDER].

A linter that reads templates needs a value for every parameter of every file, and takes %(name)s for a
remainder. This one renders each file with stand-ins, many times over with the conditions of its `if`s true
and false, and gives what comes out to the parser of the PostgreSQL server (pglast). Bodies of functions are
text to that parser, and are not looked into.

It also holds the files to the rules of CONTRIBUTING.md: a header that names locks, reserved words in upper
case, at most 120 columns of SQL. A file that others include is checked inside those.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError, Undefined, nodes
from pglast.parser import ParseError, parse_sql, scan

from pgpipelines.templates import SQL_FOLDER

MAX_COLUMNS = 120
ROUNDS = 60
HEADER = re.compile(r"(--[^\n]*\n|\{#.*?#\}\n)+", re.DOTALL)
INCLUDED = re.compile(r"\{%-?\s*include\s+['\"]([^'\"]+)")
TAG = re.compile(r"\{%.*?%\}")
BOUND_VALUE = re.compile(r"%\(\w+\)s")
# What the driver may put in place of a bound value: text, a number, a list.
VALUES = ("'x'", "1", "('x')")
# Reserved words that read as values, and stand in lower case as functions do.
VALUE_WORDS = {"TRUE_P", "FALSE_P", "CURRENT_USER", "SESSION_USER", "USER", "CURRENT_ROLE", "CURRENT_CATALOG"}


def column(generated: str, identity: str) -> dict[str, object]:
    """A column as copy/column.sql takes it."""
    return {
        "name": "x",
        "type": "bigint",
        "expression": "1",
        "generated": generated,
        "identity": identity,
        "sequence": {"name": "x", "options": "START WITH 1"},
    }


UNIQUES = [{"expressions": ["x", "y"], "operators": ["=", "&&"], "predicate": "true"}]


# Parameters that are whole clauses, for which a name can't stand in.
CLAUSES: Mapping[str, Mapping[str, object]] = {
    "copy/add_constraint.sql": {"definition": "CHECK (true)"},
    "copy/add_foreign_key.sql": {"head": "FOREIGN KEY (x) REFERENCES ", "tail": "(x)"},
    "copy/attach_partition.sql": {"bound": "DEFAULT"},
    "copy/create_enum.sql": {"labels": ["'x'", "'y'"]},
    "copy/create_sequence.sql": {"options": "START WITH 1", "type": "bigint"},
    "copy/create_table.sql": {
        "options": "fillfactor='70'",
        "partition_key": "RANGE (x)",
        "columns": [
            column(generated, identity)
            for generated, identity in (("v", ""), ("s", ""), ("", "a"), ("", "d"), ("", ""))
        ],
    },
    "copy/add_column.sql": {"column": column("", "d")},
    "copy/find_displaced.sql": {"uniques": UNIQUES},
    "copy/add_enum_value.sql": {"label": "'x'", "after": "'y'", "before": "'z'"},
    "copy/create_domain.sql": {"checks": ["x CHECK (true)", "y CHECK (true)"]},
    "copy/set_column_statistics.sql": {"statistics": 1},
    "copy/create_index.sql": {"definition": "USING btree (x)"},
    "partitions/run.sql": {"statement": "SELECT 1"},
    "rollup/put_back.sql": {"definition": "CHECK (true)"},
}
# Given to every template: what is read may be a query, and has a condition.
COMMON: Mapping[str, object] = {"selection": {"table": {"name": "x"}, "where": "true", "select": "SELECT 1"}}


class StandIn(Undefined):
    """Stands for any parameter: a name, a type, an expression, a number, or a list of two such."""

    def __call__(self, *_: object, **__: object) -> StandIn:  # type: ignore[override] # Undefined raises
        """Return the same; so do attributes, items and sums."""
        return self

    __getattr__ = __getitem__ = __add__ = __radd__ = __sub__ = __mul__ = __call__  # type: ignore[assignment]

    def __iter__(self) -> Iterator[StandIn]:
        """Yield two."""
        return iter((self, self))

    def __len__(self) -> int:
        """Count two."""
        return 2

    def __str__(self) -> str:
        """Read as a name, which may also be a type or an expression."""
        return "x"


class LintEnvironment(Environment):
    """Renders with stand-ins, and takes each condition as true or false as `deal` deals."""

    def __init__(self, folder: Path) -> None:
        super().__init__(loader=FileSystemLoader(folder), trim_blocks=True, lstrip_blocks=True, undefined=StandIn)
        self.filters |= {
            "identifier": lambda _, only=False: '"x"' if only is False else 'ONLY "x"',
            "identifiers": lambda *_: '"x", "y"',
            "matching": lambda *_: '"x"."y" = "z"."y"',
        }
        self.globals["holds"] = self.holds
        self.deal(0)

    def deal(self, round_number: int) -> None:
        """Start a round: nothing holds in the first, all in the second, some in the others."""
        self.random = random.Random(round_number)
        self.share = (0.0, 1.0)[round_number] if round_number < len((0.0, 1.0)) else self.random.random()
        self.held: dict[str, bool] = {}

    def holds(self, condition: str) -> bool:
        """Tell whether a condition holds in this round: the same wherever it stands."""
        return self.held.setdefault(condition, self.random.random() < self.share)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all((nodes.If, nodes.CondExpr, nodes.For)):
            if node.test is not None:  # type: ignore[attr-defined] # all three have one
                node.test = dealt(node.test)  # type: ignore[attr-defined]
        tree.set_environment(self)
        return tree


def dealt(test: nodes.Expr) -> nodes.Expr:
    """Replace the conditions in a test by calls of `holds`, except those about the loop itself."""
    if isinstance(test, nodes.And | nodes.Or):
        return type(test)(dealt(test.left), dealt(test.right), lineno=test.lineno)
    if isinstance(test, nodes.Not):
        return nodes.Not(dealt(test.node), lineno=test.lineno)
    if any(name.name == "loop" for name in test.find_all(nodes.Name)):
        return test
    function = nodes.Name("holds", "load", lineno=test.lineno)
    return nodes.Call(function, [nodes.Const(repr(test))], [], None, None, lineno=test.lineno)


def mistakes(folder: Path) -> Iterator[str]:
    """Yield a line for each mistake in the templates of a folder."""
    environment = LintEnvironment(folder)
    texts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.sql"))
    }
    parts = {part for text in texts.values() for part in INCLUDED.findall(text)}
    for name, text in texts.items():
        found = [*layout_mistakes(text, "" if name in parts else "lock")]
        if name not in parts:
            found += grammar_mistakes(environment, name)
        yield from (f"{name}: {mistake}" for mistake in dict.fromkeys(found))


def layout_mistakes(text: str, header_names: str) -> Iterator[str]:
    """Yield what the text itself does wrong; its header must contain `header_names`."""
    header = HEADER.match(text)
    if header is None or header_names not in header[0].lower():
        yield "begins without a comment that says what it does, its parameters and what it locks"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "does not end in one line feed"
    for number, line in enumerate(text.splitlines(), start=1):
        columns = len(TAG.sub("", line))
        if columns > MAX_COLUMNS:
            yield f"line {number}: {columns} columns, {MAX_COLUMNS} allowed"
        if "\t" in line or line != line.rstrip():
            yield f"line {number}: a tab, or blanks at the end"


def grammar_mistakes(environment: LintEnvironment, name: str) -> Iterator[str]:
    """Yield what the server's parser says of a template's renderings, and reserved words in lower case."""
    seen: set[str] = set()
    for round_number in range(ROUNDS):
        environment.deal(round_number)
        try:
            sql = environment.get_template(name).render({**COMMON, **CLAUSES.get(name, {})})
        except (TemplateError, TypeError, ValueError) as error:
            yield f"does not render: {error}"
            return
        if sql not in seen:
            seen.add(sql)
            yield from statement_mistakes(sql)


def statement_mistakes(sql: str) -> Iterator[str]:
    """Yield what is wrong in rendered statements, with the kind of bound value that suits them best."""
    problem = ""
    for value in VALUES:
        plain = BOUND_VALUE.sub(value, sql).replace("%%", "%")
        try:
            parse_sql(plain)
        except ParseError as error:
            problem = problem or described(error, plain)
        else:
            yield from keyword_mistakes(plain)
            return
    yield problem


def described(error: ParseError, sql: str) -> str:
    """Say what the parser said, and where."""
    position = error.args[1] or 0
    return f"{error.args[0]}, in: {' '.join(sql[max(0, position - 30) : position + 40].split())}"


def keyword_mistakes(sql: str) -> Iterator[str]:
    """Yield reserved words that are not in upper case."""
    for token in scan(sql):
        word = sql[token.start : token.end + 1]
        if token.kind == "RESERVED_KEYWORD" and word != word.upper() and token.name not in VALUE_WORDS:
            yield f"reserved word in lower case: {word}"


def main(arguments: list[str]) -> int:
    """Print the mistakes in include/sql, or in the folder named, and return the exit status."""
    folder = Path(arguments[0]) if arguments else SQL_FOLDER
    found = list(mistakes(folder))
    files = len(list(folder.rglob("*.sql")))
    sys.stdout.write("\n".join([*found, f"{files} SQL files, {len(found)} mistakes", ""]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
