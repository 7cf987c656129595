"""Table names as people write them, in pipelines.yaml and in trigger forms.

    station_info           the table station_info of the default schema
    agentic_ai.tasks       a schema and a table
    "Weird.Name"."2 ""x"   double quotes around what SQL wants quoted; a quote inside is doubled

SQL would fold a bare `Users` to users. Nobody who writes it means that, so capitals must stand in quotes.
"""

from __future__ import annotations

import re

from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import QualifiedName, identifier

DEFAULT_SCHEMA = "public"
MAX_NAME_BYTES = 63

_PART = r'(?:"(?:[^"]|"")*"|[^".\s]+)'
_ONE_OR_TWO_PARTS = re.compile(rf"({_PART})(?:\.({_PART}))?")
_MORE_PARTS = re.compile(rf"{_PART}(?:\.{_PART}){{2,}}")
# Beyond ASCII, PostgreSQL takes every character in a bare name and folds none (in a UTF-8 database). Said by what it
# does not take, which is compiled far faster.
_BARE = re.compile(r"(?![0-9$])[^\x00-#%-/:-^`{-\x7f]+")


def parse_table_name(text: str, default_schema: str = DEFAULT_SCHEMA) -> QualifiedName:
    """Read `name` or `schema.name`. Raises ConfigurationError."""
    written = text.strip()
    parts = _ONE_OR_TWO_PARTS.fullmatch(written)
    if parts is None:
        if _MORE_PARTS.fullmatch(written):
            raise _refused(text, "write name or schema.name; the connection says which database")
        raise _refused(text, 'write name or schema.name, with "double quotes" around what SQL wants quoted')
    first, second = parts.groups()
    if second is None:
        return QualifiedName(default_schema, _unquoted(first, text))
    return QualifiedName(_unquoted(first, text), _unquoted(second, text))


def parse_name(text: str) -> str:
    """Read one name, of a schema or a column, bare or in double quotes. Raises ConfigurationError."""
    written = text.strip()
    if not re.fullmatch(_PART, written):
        raise _refused(text, 'write one name, with "double quotes" around what SQL wants quoted')
    return _unquoted(written, text)


def is_system_schema(schema: str) -> bool:
    """Tell whether a schema belongs to PostgreSQL or to this package, so that no copy may write there."""
    return schema.startswith("pg_") or schema in {"information_schema", "pgpipelines"}


def _unquoted(part: str, text: str) -> str:
    name = part[1:-1].replace('""', '"') if part.startswith('"') else _bare(part, text)
    try:
        identifier(name)
        size = len(name.encode())
    except ValueError:
        raise _refused(text, "a name has at least one character, and none that text can't hold") from None
    if size > MAX_NAME_BYTES:
        raise _refused(text, f"a name has at most {MAX_NAME_BYTES} bytes (this has {size})")
    return name


def _bare(part: str, text: str) -> str:
    if _BARE.fullmatch(part) and part.isprintable():
        return part
    if part.isascii() and _BARE.fullmatch(part.lower()):
        raise _refused(text, f'write {part.lower()}, or "{part}" in double quotes if the capitals are meant')
    if part.isprintable():
        raise _refused(text, f'write "{part}" in double quotes')
    raise _refused(text, "a bare name has no invisible characters")


def _refused(text: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"not a table name: {text!r}", remedy)
