"""Writes docs/schema-changes.md from the tested cases; with --check, only tells whether it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "schema-changes.md"
INTRODUCTION = """\
# When the source's definition changes

Before any row moves, a copy compares the definition of the source with that of an existing target. Written from the
cases that `tests/plugins/copy/test_drift.py` proves on a server, by `make docs`: change them there.

- **copied**: nothing to say.
- **noted**: every row fits, or the server will say which does not; one line in the log, with no change of the target.
- **widened**: the target makes room; no value that is there changes. Only with `on_drift: widen`.
- **refused**: one error that names every difference and shows the statements; the target is unchanged. They are for a
  person to run, because they lose something or because only a person knows what is meant.

A widening needs the table's owner. Most take a moment; a column that becomes `bigint` (or gets another precision), and
a generated column that is stored, rewrite the table, and nobody else can use it meanwhile. A new enum label shows to
everybody once it is added. A target that has become a view is refused, and so is a widening where only another role
may alter the table; both say so in one line. Everything that isn't in this table and touches no row (grants, triggers,
views, other tables' foreign keys) stays as it is.

| what changed | `on_drift: refuse` | `on_drift: widen` | statement |
|---|---|---|---|
"""


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write("docs/schema-changes.md is not what the tested cases say; `make docs` writes it\n")
    return 1


def page() -> str:
    """The page's Markdown."""
    sys.path.insert(0, str(ROOT))
    from tests.plugins.copy.drift_cases import CASES  # noqa: PLC0415 (the repository's root is no package)

    rows = (f"| {case.change} | {case.refuse} | {case.widened} | {shown(case.statement)} |\n" for case in CASES)
    return INTRODUCTION + "".join(rows)


def shown(statement: str) -> str:
    """A statement as a cell of a table; words that are no statement stay words."""
    text = statement.replace("|", "\\|")
    return f"`{text}`" if text.endswith(";") else text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
