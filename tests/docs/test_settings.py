"""The pages name every setting of include/pipelines.yaml, with the default that it has."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from pgpipelines.configuration import BaseBackups, Copy, Dumps, Partitions, Rollup
from pgpipelines.configuration.tables import TableOptions
from pgpipelines.configuration.values import Model
from tests.docs.pages import page

TABLES: tuple[tuple[type[Model], str, str], ...] = (
    (Copy, "configuration", "| `schedule` |"),
    (TableOptions, "configuration", "| `target` |"),
    (Rollup, "charger-statistics", "| `schedule` |"),
    (Partitions, "partitions", "| `schedule` |"),
    (Dumps, "take-dumps", "| `schedule`, `timezone` |"),
    (BaseBackups, "physical-backup", "| `schedule`, `timezone` |"),
)


@pytest.mark.parametrize(("model", "name", "first_row"), TABLES, ids=[model.__name__ for model, _, _ in TABLES])
def test_every_setting_is_listed_with_its_default(model: type[Model], name: str, first_row: str) -> None:
    shown = dict(listed(page(name), first_row))
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    assert set(shown) == set(fields)
    for key, field in fields.items():
        if field.is_required():
            assert shown[key] == "must be given", key
        elif (written := as_written(field.get_default(call_default_factory=True))) is not None:
            assert shown[key] == written, key
        else:  # words say what then holds
            assert not re.fullmatch(r"`\w+`|[\d.]+|must be given", shown[key]), key


def listed(text: str, first_row: str) -> list[tuple[str, str]]:
    """The keys and defaults of the table whose first row begins so; a row may name several."""
    found: list[tuple[str, str]] = []
    for row in text[text.index(first_row) :].partition("\n\n")[0].splitlines():
        keys, defaults = ([part.strip() for part in cell.split(",")] for cell in row.split("|")[1:3])
        if len(defaults) != len(keys):
            defaults = [", ".join(defaults)] * len(keys)
        found += zip((key.strip("`") for key in keys), defaults, strict=True)
    return found


def as_written(default: Any) -> str | None:
    """A default as a page writes it; None for one that takes words."""
    if isinstance(default, Model):
        return ", ".join(str(value) for value in default.model_dump().values())
    if default is None or default == ():
        return None
    if isinstance(default, bool):
        return f"`{json.dumps(default)}`"
    return str(default) if isinstance(default, int | Decimal) else f"`{default}`"
