"""What include/pipelines.yaml may say, as frozen models. The published JSON Schema is made from these.

Each type says what it allows in words (`allowing`): the same words for a wrong type and a wrong value.
"""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import pendulum
from croniter import CroniterError, croniter
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from pgpipelines.errors import ConfigurationError
from pgpipelines.table_names import DEFAULT_SCHEMA, parse_schema_name, parse_table_name
from pgpipelines.templates import QualifiedName

CRON_FIELDS = 5
CRON_PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
MAX_BATCH_SIZE = 10_000_000
MAX_PARALLEL = 32
# DAG files already define these, and two DAGs can't share an id.
TAKEN_DAG_IDS = frozenset({"simple_postgres_copy"})

ALLOWED = "allowed"


def allowing(words: str) -> WrapValidator:
    """Report any mistake as what is allowed: the validator's own words (ValueError) before `words`."""

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            reason = str(first["ctx"]["error"]) if first["type"] == "value_error" else words
            raise PydanticCustomError(ALLOWED, "{allowed}", {"allowed": reason}) from None

    return WrapValidator(validate)


def _by_parser(parser: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            parser(text)
        except ConfigurationError as error:
            raise ValueError(error.remedy.removeprefix("write ")) from None
        return text

    return check


def _dag_id(text: str) -> str:
    if ".." in text:
        raise ValueError("a DAG id without two dots in a row")
    if text in TAKEN_DAG_IDS:
        raise ValueError(f"a DAG id of its own ({text} is a DAG that comes with the package)")
    return text


def _schedule(text: str) -> str:
    if text in CRON_PRESETS:
        return text
    fields = text.split()
    cron = " ".join(fields)
    # croniter also knows seconds, years and R (random, another time at each parse).
    if len(fields) != CRON_FIELDS or any(field[0] in "rR" for field in fields):
        raise ValueError(SCHEDULE_WORDS)
    try:
        # Airflow accepts an expression that never comes, such as 30 February, and its scheduler then fails.
        croniter(cron, datetime(2024, 1, 1)).get_next(datetime)  # noqa: DTZ001 (any time of day will do)
    except CroniterError as error:
        raise ValueError(f"{SCHEDULE_WORDS} ({error})") from None
    return cron


def _timezone(text: str) -> str:
    try:
        pendulum.timezone(text)
    except (ValueError, OSError):
        near = difflib.get_close_matches(text, sorted(zoneinfo.available_timezones()), 3)
        hint = f" (near: {', '.join(near)})" if near else ""
        raise ValueError(f"{TIMEZONE_WORDS}{hint}") from None
    return text


_BARE_PATTERN = r"[^\u0000-\u005e\u0060\u007b-\u007f][^\u0000-\u0023\u0025-\u002f\u003a-\u005e\u0060\u007b-\u007f]*"
_NAME_PATTERN = rf'(?:"(?:[^"\u0000]|"")+"|{_BARE_PATTERN})'
DAG_ID_PATTERN = r"^[A-Za-z0-9_.\-]{1,250}$"
CONNECTION_PATTERN = r"^[A-Za-z0-9_#!()\-.:/\\]{1,250}$"

DAG_ID_WORDS = "a DAG id: 1 to 250 ASCII letters, digits, dots, dashes and underscores"
CONNECTION_WORDS = "the id of an Airflow connection: letters, digits and _ # ! ( ) - . : / \\"
SCHEDULE_WORDS = 'five cron fields such as "0 2 * * *", one of ' + ", ".join(CRON_PRESETS) + ", or null"
TIMEZONE_WORDS = "the name of a time zone, such as Asia/Seoul, Europe/Berlin or UTC"
TABLE_WORDS = 'text: name or schema.name, with "double quotes" around what SQL wants quoted'
TABLE_ENTRY_WORDS = "one table: name, or name: {target: …, batch_size: …}"
TABLES_WORDS = "a list of at least one table"
SCHEMA_WORDS = 'text: one name, with "double quotes" around what SQL wants quoted'

TABLE_NAME_SCHEMA: JsonSchemaValue = {
    "type": "string",
    "pattern": rf"^\s*{_NAME_PATTERN}(?:\.{_NAME_PATTERN})?\s*$",
}

DagId = Annotated[str, Field(pattern=DAG_ID_PATTERN), AfterValidator(_dag_id), allowing(DAG_ID_WORDS)]
ConnectionId = Annotated[str, Field(pattern=CONNECTION_PATTERN), allowing(CONNECTION_WORDS)]
Schedule = Annotated[
    Annotated[str, AfterValidator(_schedule)] | None,
    allowing(SCHEDULE_WORDS),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\S+(\s+\S+){4}\s*$"},
                {"enum": list(CRON_PRESETS)},
                {"type": "null"},
            ],
        }
    ),
]
Timezone = Annotated[str, AfterValidator(_timezone), allowing(TIMEZONE_WORDS)]
TableName = Annotated[
    str,
    AfterValidator(_by_parser(parse_table_name)),
    allowing(TABLE_WORDS),
    WithJsonSchema(TABLE_NAME_SCHEMA),
]
SchemaName = Annotated[
    str,
    AfterValidator(_by_parser(parse_schema_name)),
    allowing(SCHEMA_WORDS),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_NAME_PATTERN}\s*$"}),
]
BatchSize = Annotated[
    int, Field(ge=1, le=MAX_BATCH_SIZE), allowing(f"a whole number of rows from 1 to {MAX_BATCH_SIZE}")
]
Parallel = Annotated[int, Field(ge=1, le=MAX_PARALLEL), allowing(f"a whole number from 1 to {MAX_PARALLEL}")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TableOptions(_Model):
    """Settings of one table that differ from those of its pipeline."""

    target: TableName | None = Field(
        None,
        description="Name in the target. Without it, the source's name; a name without a schema is in "
        "target_schema, or else in public.",
    )
    batch_size: BatchSize = Field(10_000, description="Rows between two lines of progress in the task's log.")


class Table(TableOptions):
    """One table to copy: its name, or its name with settings of its own."""

    name: TableName

    @model_validator(mode="before")
    @classmethod
    def _from_entry(cls, entry: object) -> object:
        if isinstance(entry, str):
            return {"name": entry}
        if isinstance(entry, Mapping) and len(entry) == 1:
            ((name, options),) = entry.items()
            if options is None or (isinstance(options, Mapping) and "name" not in options):
                return {**(options or {}), "name": name}
        raise PydanticCustomError(ALLOWED, "{allowed}", {"allowed": TABLE_ENTRY_WORDS})

    @model_serializer
    def _to_entry(self) -> str | dict[str, dict[str, object]]:
        options = {name: getattr(self, name) for name in TableOptions.model_fields if name in self.model_fields_set}
        return {self.name: options} if options else self.name

    @classmethod
    def __get_pydantic_json_schema__(
        cls,
        _: CoreSchema,
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        """Describe the entry as it stands in the file: text, or a mapping of one key."""
        options = handler(TableOptions.__pydantic_core_schema__)
        return {
            "description": cls.__doc__,
            "anyOf": [
                TABLE_NAME_SCHEMA,
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "propertyNames": TABLE_NAME_SCHEMA,
                    "additionalProperties": {"anyOf": [options, {"type": "null"}]},
                },
            ],
        }


def _not_empty(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    # Field(min_length=1) would also complain of a list whose only entry is wrong.
    if not tables:
        raise PydanticCustomError(ALLOWED, "{allowed}", {"allowed": TABLES_WORDS})
    return tables


@dataclass(frozen=True)
class TableCopy:
    """One table's copy with every default filled in; batch_size in rows."""

    source: QualifiedName
    target: QualifiedName
    batch_size: int


class Copy(_Model):
    """A pipeline that copies tables from one database to another."""

    schedule: Schedule = Field(
        description="When it runs: five cron fields or a preset such as @daily; null runs it by hand only."
    )
    timezone: Timezone = Field("Asia/Seoul", description="Time zone of the schedule.")
    source: ConnectionId = Field(description="Airflow connection to read from.")
    target: ConnectionId = Field(description="Airflow connection to write to.")
    strategy: Annotated[Literal["full_refresh"], allowing("full_refresh")] = Field(
        "full_refresh", description="full_refresh makes the target's content equal to the source's."
    )
    target_schema: SchemaName | None = Field(
        None, description="Schema for the target's tables. Without it, each has the schema of its source."
    )
    parallel: Parallel = Field(
        1,
        description="Tables copied at the same time. 1 keeps the order of the list, so that a table comes "
        "after the tables that its foreign keys point to.",
    )
    tables: Annotated[tuple[Table, ...], Field(strict=False), AfterValidator(_not_empty)] = Field(
        description="What to copy: table names. A table that others point to by foreign keys comes first.",
        json_schema_extra={"minItems": 1},
    )

    def table_copies(self) -> tuple[TableCopy, ...]:
        """Return the tables in the file's order, with names resolved."""
        return tuple(self._table_copy(table) for table in self.tables)

    def _table_copy(self, table: Table) -> TableCopy:
        source = parse_table_name(table.name)
        schema = None if self.target_schema is None else parse_schema_name(self.target_schema)
        if table.target is None:
            target = QualifiedName(schema or source.schema, source.name)
        else:
            target = parse_table_name(table.target, schema or DEFAULT_SCHEMA)
        return TableCopy(source, target, table.batch_size)


class Configuration(_Model):
    """The whole of pipelines.yaml."""

    copies: dict[DagId, Copy] = Field(
        default_factory=dict,
        description="Pipelines that copy tables; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
