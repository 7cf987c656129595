"""Reads a YAML file into plain values, and says in one line where it is not YAML."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

# Thousands of tables with every setting are fewer.
_MOST_VALUES = 1_000_000


class DocumentError(Exception):
    """A file that is not one YAML document; the message is one line, with line and column where known."""


class _Loader(yaml.SafeLoader):
    """YAML of mappings, lists and scalars; a key written twice is an error, a date stays text.

    Whole numbers are decimal: YAML 1.1, and PyYAML with it, would read 1:30 as 90 and 010 as 8; YAML 1.2, and editors
    with it, do not.
    """

    def get_single_node(self) -> yaml.Node | None:
        """Refuse aliases of aliases that multiply beyond what anybody can mean. Raises DocumentError."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None and _size(node, {}) > _MOST_VALUES:
            raise DocumentError(f"its aliases (*) stand for more than {_MOST_VALUES} values")
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that is written twice: YAML would silently keep the last."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            written = (key.tag, str(key.value))
            if written in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is written twice", key.start_mark
                )
            seen.add(written)
        return super().construct_mapping(node, deep)


_PLAIN_TAGS = ("map", "seq", "str", "int", "float", "bool", "null")
_Loader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or str(tag).rpartition(":")[2] in _PLAIN_TAGS
} | {"tag:yaml.org,2002:timestamp": yaml.SafeLoader.construct_yaml_str}
_INTEGER = "tag:yaml.org,2002:int"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _INTEGER]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_INTEGER, re.compile(r"[-+]?(?:0|[1-9][0-9_]*)$"), list("-+0123456789"))


def read_document(path: Path) -> object:
    """Return the file's one document (None when it is empty). Raises DocumentError."""
    text = _decoded(_bytes(path))
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise DocumentError(_syntax_error(error)) from None
    except yaml.YAMLError as error:
        raise DocumentError(f"not YAML: {_one_line(error)}") from None
    except RecursionError:
        raise DocumentError("nested too deeply to be meant") from None
    except ValueError as error:
        raise DocumentError(f"a value that can't be read: {_one_line(error)}") from None


def _size(node: yaml.Node, known: dict[yaml.Node, int]) -> int:
    """The values that a node stands for, whatever an alias names counted each time; of a circle, one turn."""
    if node not in known:
        known[node] = 1
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        pairs = (part if isinstance(part, tuple) else (part,) for part in parts)
        known[node] += sum(_size(part, known) for part in itertools.chain.from_iterable(pairs))
    return known[node]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DocumentError("there is no such file") from None
    except OSError as error:
        raise DocumentError(f"the file can't be read: {error.strerror}") from None


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DocumentError("the file is UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"0x{content[error.start]:02x}"
        raise DocumentError(f"line {line}: byte {byte} is not UTF-8; save the file as UTF-8") from None


def _syntax_error(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
    problem = _one_line(error.problem or error.context)
    if "'\\t'" in problem:
        problem += "; indent with spaces, not tabs"
    elif error.context == "while scanning an alias":
        problem = 'a value that begins with * needs quotes, such as "* * * * *"'
    return where + problem


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
