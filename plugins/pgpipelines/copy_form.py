"""What the form of postgres_data_copy says, read as the settings of a copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pgpipelines.configuration import EVERY_TABLE, CopySettings
from pgpipelines.configuration.mistakes import refused
from pgpipelines.configuration.tables import TableOptions
from pgpipelines.errors import ConfigurationError

# What the form calls otherwise than pipelines.yaml does.
SETTINGS = {"source": "source_conn_id", "target": "target_conn_id", "streams": "parallel_streams"}
OPTIONS = {"key": "key_columns"}


@dataclass(frozen=True)
class CopyForm:
    """A form as it was filled in: the settings of the copy, the tables ("*": every one) and the options of each."""

    settings: Mapping[str, Any]
    tables: tuple[str, ...]
    options: Mapping[str, Any]
    dry_run: bool

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> CopyForm:
        """Read the form's parameters. Raises ConfigurationError for what can't be meant."""
        form = cls(
            settings=_settings(params),
            tables=_lines(params["tables"]),
            options=_options(params),
            dry_run=params["dry_run"],
        )
        form._require_sense()
        return form

    @property
    def every_table(self) -> bool:
        """Tell whether all tables of the source are meant."""
        return self.tables == (EVERY_TABLE,)

    def _require_sense(self) -> None:
        if not self.tables:
            raise ConfigurationError("tables: there is none", f"name tables, one in a line, or {EVERY_TABLE} for all")
        if EVERY_TABLE in self.tables and not self.every_table:
            raise ConfigurationError(
                f"tables: {EVERY_TABLE} beside other names", f"write {EVERY_TABLE} alone, or names"
            )
        if "select" in self.options and (self.every_table or len(self.tables) > 1):
            raise ConfigurationError(
                f"select: given for {'every table' if self.every_table else f'{len(self.tables)} tables'}",
                "name exactly one table beside a select",
            )
        if self.settings["strategy"] == "incremental" and "cursor" not in self.options:
            raise ConfigurationError(
                "cursor: an incremental copy needs one",
                "name a column that grows with each change, or xmin where there is none",
            )


def _options(params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of every table that the form names, checked as those of pipelines.yaml are."""
    lookback = _text(params["lookback"])
    given = {
        "key": list(_lines(params["key_columns"])) or None,
        "cursor": _text(params["cursor"]),
        "lookback": int(lookback) if lookback and lookback.isascii() and lookback.isdigit() else lookback,
        "where": _text(params["where"]),
        "select": _text(params["select"]),
        "batch_size": params["batch_size"],
    }
    options = {name: value for name, value in given.items() if value is not None}
    try:
        contradiction = TableOptions.model_validate(options).contradiction()
    except ValidationError as error:
        raise refused(error, OPTIONS) from None
    if contradiction:
        found, _, allowed = contradiction.partition("; allowed: ")
        raise ConfigurationError(found, f"allowed: {allowed}")
    return options


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    settings = {
        "source": params["source_conn_id"],
        "target": params["target_conn_id"],
        "strategy": params["strategy"],
        "target_schema": _text(params["target_schema"]),
        "streams": params["parallel_streams"],
        "create_missing": params["create_missing"],
        "on_drift": params["on_drift"],
        "verify": params["verify"],
    }
    try:
        return CopySettings.model_validate(settings).settings()
    except ValidationError as error:
        raise refused(error, SETTINGS) from None


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None


def _lines(values: list[str] | None) -> tuple[str, ...]:
    return tuple(filter(None, (value.strip() for value in values or ())))
