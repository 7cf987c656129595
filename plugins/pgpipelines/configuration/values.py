"""The values that include/pipelines.yaml may hold, each with the words that say what is allowed.

A type's words are the same for a wrong type and a wrong value (`allowing`). A value stays the text that the file
has; what it stands for is read by the same function that has checked it (`parse_duration`, `parse_table_name` …).
"""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

import pendulum
from croniter import CroniterError, croniter
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError

from pgpipelines.copy import user_sql
from pgpipelines.errors import ConfigurationError
from pgpipelines.table_names import parse_name, parse_table_name

CRON_FIELDS = 5
CRON_PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
MAX_BATCH_SIZE = 10_000_000
MAX_PARALLEL = 32
MAX_STREAMS = 16
# DAG files already define these, and two DAGs can't share an id.
TAKEN_DAG_IDS = frozenset(
    {
        "example_after_copy",
        "explain_charger_stats",
        "postgres_data_copy",
        "postgres_dump_health",
        "postgres_restore",
        "simple_postgres_copy",
    }
)
MOST_PER_DAY = 10_000
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}

ALLOWED = "allowed"


class Model(BaseModel):
    """A mapping of the file: unknown keys are refused, values are not converted, nothing changes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, serialize_by_alias=True)

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that the mapping may have, as the file writes them."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def allowing(words: str) -> WrapValidator:
    """Report any mistake as what is allowed: the validator's own words (ValueError) before `words`."""

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            inner = {"value_error": "error", ALLOWED: "allowed"}.get(first["type"])
            reason = str(first["ctx"][inner]) if inner else words
            raise PydanticCustomError(ALLOWED, "{allowed}", {"allowed": reason}) from None

    return WrapValidator(validate)


def refuse(words: str) -> PydanticCustomError:
    """The mistake that a validator of a whole mapping or list raises."""
    return PydanticCustomError(ALLOWED, "{allowed}", {"allowed": words})


def parse_duration(text: str) -> timedelta:
    """Read a whole number and its unit, such as 90m. Raises ConfigurationError."""
    parts = re.fullmatch(DURATION_PATTERN, text.strip())
    if parts is None:
        raise ConfigurationError(f"not a duration: {text!r}", f"write {DURATION_WORDS}")
    return timedelta(seconds=int(parts[1]) * SECONDS[parts[2]])


def parse_sample_period(text: str) -> timedelta:
    """Read how often something is sampled. Raises ConfigurationError."""
    period = parse_duration(text)
    if not timedelta(minutes=1) <= period <= timedelta(hours=1):
        raise ConfigurationError(f"not a sample period: {text!r}", f"write {SAMPLE_PERIOD_WORDS}")
    return period


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


def _not_empty(columns: tuple[str, ...]) -> tuple[str, ...]:
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(KEY_WORDS)
    return columns


def _different(connections: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(connections)) < len(connections):
        raise ValueError(CONNECTIONS_WORDS)
    return connections


_BARE_PATTERN = r"[^\u0000-\u005e\u0060\u007b-\u007f][^\u0000-\u0023\u0025-\u002f\u003a-\u005e\u0060\u007b-\u007f]*"
_NAME_PATTERN = rf'(?:"(?:[^"\u0000]|"")+"|{_BARE_PATTERN})'
DAG_ID_PATTERN = r"^[A-Za-z0-9_.\-]{1,250}$"
CONNECTION_PATTERN = r"^[A-Za-z0-9_#!()\-.:/\\]{1,250}$"
DURATION_PATTERN = r"([1-9][0-9]{0,4}) ?([smhdw])"

DAG_ID_WORDS = "a DAG id: 1 to 250 ASCII letters, digits, dots, dashes and underscores"
CONNECTION_WORDS = "the id of an Airflow connection: letters, digits and _ # ! ( ) - . : / \\"
CONNECTIONS_WORDS = "a list of different Airflow connections"
POOL_WORDS = "the name of an Airflow pool: 1 to 250 ASCII letters, digits, dots, dashes and underscores"
SCHEDULE_WORDS = 'five cron fields such as "0 2 * * *", one of ' + ", ".join(CRON_PRESETS) + ", or null"
TIMEZONE_WORDS = "the name of a time zone, such as Asia/Seoul, Europe/Berlin or UTC"
TABLE_WORDS = 'text: name or schema.name, with "double quotes" around what SQL wants quoted'
NAME_WORDS = 'text: one name, with "double quotes" around what SQL wants quoted'
KEY_WORDS = "a list of different columns"
DURATION_WORDS = "a whole number and s, m, h, d or w, such as 90m, 1h or 2d"
SAMPLE_PERIOD_WORDS = "a duration from 1m to 1h, such as 15m"
FOLDER_WORDS = "text: the path of a folder, or a URL"
LOOKBACK_WORDS = f"{DURATION_WORDS}; for a cursor of whole numbers, a whole number"
SQL_WORDS = "text: SQL"

TABLE_NAME_SCHEMA: JsonSchemaValue = {
    "type": "string",
    "pattern": rf"^\s*{_NAME_PATTERN}(?:\.{_NAME_PATTERN})?\s*$",
}
DURATION_SCHEMA: JsonSchemaValue = {"type": "string", "pattern": rf"^\s*{DURATION_PATTERN}\s*$"}

DagId = Annotated[str, Field(pattern=DAG_ID_PATTERN), AfterValidator(_dag_id), allowing(DAG_ID_WORDS)]
ConnectionId = Annotated[str, Field(pattern=CONNECTION_PATTERN), allowing(CONNECTION_WORDS)]
PoolName = Annotated[str, Field(pattern=DAG_ID_PATTERN), allowing(POOL_WORDS)]
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
Name = Annotated[
    str,
    AfterValidator(_by_parser(parse_name)),
    allowing(NAME_WORDS),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_NAME_PATTERN}\s*$"}),
]
Key = Annotated[tuple[Name, ...], Field(strict=False), AfterValidator(_not_empty), allowing(KEY_WORDS)]
Duration = Annotated[
    str, AfterValidator(_by_parser(parse_duration)), allowing(DURATION_WORDS), WithJsonSchema(DURATION_SCHEMA)
]
SamplePeriod = Annotated[
    str,
    AfterValidator(_by_parser(parse_duration)),
    AfterValidator(_by_parser(parse_sample_period)),
    allowing(DURATION_WORDS),
    WithJsonSchema(DURATION_SCHEMA),
]
Lookback = Annotated[
    Annotated[int, Field(ge=0)] | Annotated[str, AfterValidator(_by_parser(parse_duration))],
    allowing(LOOKBACK_WORDS),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, DURATION_SCHEMA]}),
]
Condition = Annotated[str, AfterValidator(_by_parser(user_sql.condition)), allowing(SQL_WORDS)]
Query = Annotated[str, AfterValidator(_by_parser(user_sql.query)), allowing(SQL_WORDS)]
BatchSize = Annotated[
    int, Field(ge=1, le=MAX_BATCH_SIZE), allowing(f"a whole number of rows from 1 to {MAX_BATCH_SIZE}")
]
Parallel = Annotated[int, Field(ge=1, le=MAX_PARALLEL), allowing(f"a whole number from 1 to {MAX_PARALLEL}")]
Streams = Annotated[int, Field(ge=1, le=MAX_STREAMS), allowing(f"a whole number from 1 to {MAX_STREAMS}")]
Share = Annotated[Decimal, Field(strict=False, ge=0, le=1), allowing("a share from 0 to 1, such as 0.02")]
Percentage = Annotated[Decimal, Field(strict=False, ge=0, le=100), allowing("a percentage from 0 to 100")]
Factor = Annotated[Decimal, Field(strict=False, gt=0, le=100), allowing("a number above 0, such as 1.5")]
Count = Annotated[int, Field(ge=1, le=MOST_PER_DAY), allowing(f"a whole number from 1 to {MOST_PER_DAY}")]
KeepCount = Annotated[int, Field(ge=0, le=MOST_PER_DAY), allowing(f"a whole number from 0 to {MOST_PER_DAY}")]
Switch = Annotated[bool, allowing("true or false")]
StrategyName = Annotated[Literal["full_refresh", "incremental"], allowing("full_refresh or incremental")]
OnDriftName = Annotated[Literal["refuse", "widen"], allowing("refuse or widen")]
VerifyName = Annotated[Literal["checksum", "count"], allowing("checksum or count")]
IfLockedName = Annotated[Literal["wait", "skip"], allowing("wait or skip")]
DRILL_WORDS = "embedded, none, or the id of an Airflow connection to a server for drills"
DrillName = Annotated[str, Field(pattern=CONNECTION_PATTERN), allowing(DRILL_WORDS)]
VariableName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"), allowing("the name of an environment variable")
]
FormatName = Annotated[Literal["custom", "directory", "plain"], allowing("custom, directory or plain")]
FolderName = Annotated[str, Field(pattern=r"^[^\u0000]*\S[^\u0000]*$"), allowing(FOLDER_WORDS)]
Connections = Annotated[
    tuple[ConnectionId, ...],
    Field(strict=False, min_length=1),
    AfterValidator(_different),
    allowing(CONNECTIONS_WORDS),
]
