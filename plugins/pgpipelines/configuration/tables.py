"""What the list `tables` of a pipeline may say: tables with settings of their own, groups of tables, or every table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pgpipelines.configuration.values import (
    TABLE_NAME_SCHEMA,
    BatchSize,
    Condition,
    Key,
    Lookback,
    Model,
    Name,
    Query,
    TableName,
    parse_duration,
    refuse,
)
from pgpipelines.copy import user_sql
from pgpipelines.copy.request import XMIN, Cursor, Selection, TableCopy
from pgpipelines.table_names import DEFAULT_SCHEMA, parse_name, parse_table_name
from pgpipelines.templates import QualifiedName

EVERY_TABLE = "*"
TABLE_ENTRY_WORDS = "one table: name, or name: {target: …, cursor: …, batch_size: …}"
GROUP_WORDS = "a list of at least one table"
TABLES_WORDS = 'a list of at least one table, or "*" for every table of the source'


class TableOptions(Model):
    """Settings of one table."""

    target: TableName | None = Field(
        None,
        description="Name in the target. Without it, the source's name; a name without a schema is in "
        "target_schema, or else in public.",
    )
    key: Key | None = Field(
        None,
        description="Columns that tell the table's rows apart. Without it, the target's own key: its primary key, or "
        "a unique index on columns that are NOT NULL.",
    )
    cursor: Name | None = Field(
        None,
        description="How rows that changed since the last run are found: a column that grows with each change "
        "(timestamp, date, whole number, or text such as 20251120), or xmin where there is none.",
    )
    lookback: Lookback | None = Field(
        None,
        description="How far before the last run to read again, for clocks that applications set: such as 90m, 1h or "
        "2d; a whole number for a cursor of whole numbers.",
    )
    where: Condition | None = Field(
        None, description="A condition in SQL: only rows of the source that meet it are copied."
    )
    select: Query | None = Field(
        None, description="A query in SQL whose rows are copied instead of the table's own: to choose or transform."
    )
    batch_size: BatchSize = Field(10_000, description="Rows between two lines of progress in the task's log.")

    def contradiction(self) -> str | None:
        """Say which settings do not go together, and what does."""
        if self.where is not None and self.select is not None:
            return "found where and select; allowed: one of them (a select may have a WHERE of its own)"
        if self.lookback is not None and self.cursor is None:
            return "found lookback without cursor; allowed: both"
        if self.lookback is not None and self.cursor == XMIN:
            return "found lookback with xmin; allowed: xmin alone, which misses no change"
        return None

    def table_copy(self, source: QualifiedName, target_schema: str | None) -> TableCopy:
        """The copy of the table `source` with these settings; `target_schema` as the file writes it."""
        return TableCopy(
            source=Selection(
                source,
                user_sql.condition(self.where or "") or None,
                user_sql.query(self.select or "") or None,
            ),
            target=self._target(source, target_schema),
            key=tuple(map(parse_name, self.key or ())),
            cursor=self._cursor(),
            batch_size=self.batch_size,
        )

    def _target(self, source: QualifiedName, target_schema: str | None) -> QualifiedName:
        schema = None if target_schema is None else parse_name(target_schema)
        if self.target is None:
            return QualifiedName(schema or source.schema, source.name)
        return parse_table_name(self.target, schema or DEFAULT_SCHEMA)

    def _cursor(self) -> Cursor | None:
        if self.cursor is None:
            return None
        lookback = parse_duration(self.lookback) if isinstance(self.lookback, str) else self.lookback
        return Cursor(parse_name(self.cursor), timedelta(0) if lookback is None else lookback)


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
        raise refuse(TABLE_ENTRY_WORDS)

    @model_serializer
    def _to_entry(self) -> str | dict[str, dict[str, object]]:
        options = self._given()
        return {self.name: options} if options else self.name

    def _given(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in TableOptions.model_fields if name in self.model_fields_set}

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

    def copy_to(self, target_schema: str | None) -> TableCopy:
        """The table's copy, with names resolved."""
        return self.table_copy(parse_table_name(self.name), target_schema)

    def settings(self, target_schema: str | None) -> dict[str, Any]:
        """The table as a task is given it, with names resolved: plain values, which `copy_of` reads."""
        copy = self.copy_to(target_schema)
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in self._given().items()}
        return {"source": str(copy.source.table), **given, "target": str(copy.target)}


def copy_of(settings: Mapping[str, Any], target_schema: str | None = None) -> TableCopy:
    """The copy that a task is asked for: a table's name as `source`, and its options.

    Raises ConfigurationError for a name that can't be meant, pydantic's ValidationError for wrong options.
    """
    options = {name: value for name, value in settings.items() if name != "source"}
    return TableOptions.model_validate(options).table_copy(parse_table_name(settings["source"]), target_schema)


def _not_empty(words: str) -> AfterValidator:
    # Field(min_length=1) would also complain of a list whose only entry is wrong.
    def check(entries: tuple[Any, ...]) -> tuple[Any, ...]:
        if not entries:
            raise refuse(words)
        return entries

    return AfterValidator(check)


class Group(Model):
    """Tables that are read at one moment of the source, and appear in the target in one transaction."""

    group: Annotated[tuple[Table, ...], Field(strict=False), _not_empty(GROUP_WORDS)] = Field(
        description="Tables that are copied as one.", json_schema_extra={"minItems": 1}
    )


def _kind_of_entry(entry: object) -> str:
    if isinstance(entry, Group):
        return GROUP_TAG
    is_group = isinstance(entry, Mapping) and list(entry) == ["group"] and isinstance(entry["group"], list)
    return GROUP_TAG if is_group else TABLE_TAG


def _kind_of_tables(tables: object) -> str:
    return EVERY_TAG if tables == EVERY_TABLE else LIST_TAG


# Which of two forms a value has; the brackets keep them out of the path to a mistake.
GROUP_TAG, TABLE_TAG, EVERY_TAG, LIST_TAG = "[group]", "[table]", "[every]", "[list]"
Entry = Annotated[Annotated[Table, Tag(TABLE_TAG)] | Annotated[Group, Tag(GROUP_TAG)], Discriminator(_kind_of_entry)]
EntryList = Annotated[tuple[Entry, ...], Field(strict=False), _not_empty(TABLES_WORDS)]
Tables = Annotated[
    Annotated[EntryList, Tag(LIST_TAG)] | Annotated[Literal["*"], Tag(EVERY_TAG)], Discriminator(_kind_of_tables)
]
