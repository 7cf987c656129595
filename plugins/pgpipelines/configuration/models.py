"""What include/pipelines.yaml may say, as frozen models. The published JSON Schema is made from these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from pgpipelines.configuration.tables import EVERY_TABLE, Group, Table, Tables
from pgpipelines.configuration.values import (
    ConnectionId,
    DagId,
    Duration,
    IfLockedName,
    Model,
    Name,
    OnDriftName,
    Parallel,
    PoolName,
    Schedule,
    StrategyName,
    Streams,
    Switch,
    TableName,
    Timezone,
    VerifyName,
    allowing,
)


class CopySettings(Model):
    """How tables are copied from one database to another, whenever that is."""

    source: ConnectionId = Field(description="Airflow connection to read from.")
    target: ConnectionId = Field(description="Airflow connection to write to.")
    strategy: StrategyName = Field(
        "full_refresh",
        description="full_refresh makes the target's content equal to the source's; incremental brings what changed "
        "since the last run, and finds no deletes.",
    )
    target_schema: Name | None = Field(
        None, description="Schema for the target's tables. Without it, each has the schema of its source."
    )
    streams: Streams = Field(
        1, description="Connections to each side that load one table at the same time, where a table is large."
    )
    create_missing: Switch = Field(True, description="Create tables that the target lacks; false: an error instead.")
    on_drift: OnDriftName = Field(
        "refuse",
        description="What happens where the source's definition has changed: refuse is an error that prints the "
        "ALTER TABLE; widen runs it where nothing can be lost.",
    )
    verify: VerifyName = Field(
        "checksum", description="How both sides are compared before the commit: by content, or by number of rows only."
    )
    if_locked: IfLockedName = Field(
        "wait", description="What a run does while another one writes the same table: wait, or skip its turn."
    )
    max_snapshot_age: Duration = Field(
        "4h", description="How long one run may make the source keep old rows: such as 30m or 4h."
    )

    def settings(self) -> dict[str, Any]:
        """The settings as a task is given them: plain values."""
        return self.model_dump(mode="json", include=set(CopySettings.model_fields), exclude_none=True)


class Copy(CopySettings):
    """A pipeline that copies tables from one database to another."""

    schedule: Schedule = Field(
        description="When it runs: five cron fields or a preset such as @daily; null runs it by hand only."
    )
    timezone: Timezone = Field("Asia/Seoul", description="Time zone of the schedule.")
    parallel: Parallel = Field(
        1,
        description="Tables (or groups) copied at the same time. 1 keeps the order of the list, so that a table "
        "comes after the tables that its foreign keys point to.",
    )
    pool: PoolName | None = Field(
        None,
        description="Airflow pool of the tasks, which bounds what several pipelines do to one source. Used where "
        "PGPIPELINES_POOLS names it too; without that, or without a pool, tasks are in Airflow's default_pool.",
    )
    tables: Tables = Field(
        description='What to copy: table names, groups of them, or "*" for every table of the source, found at '
        "each run and copied as one group. A table that others point to by foreign keys comes first.",
    )
    leave_out: Annotated[tuple[TableName, ...], Field(strict=False), allowing("a list of tables")] = Field(
        (), alias="except", description='Tables that tables: "*" leaves out.'
    )

    @property
    def every_table(self) -> bool:
        """Tell whether the tables are found at each run, instead of named here."""
        return self.tables == EVERY_TABLE

    def groups(self) -> tuple[tuple[Table, ...], ...]:
        """The tables of each task, in the file's order; none where they are found at each run."""
        if isinstance(self.tables, str):
            return ()
        return tuple(entry.group if isinstance(entry, Group) else (entry,) for entry in self.tables)

    def placed(self) -> Iterator[tuple[tuple[str | int, ...], Table]]:
        """Each table that is named, with its place in the pipeline."""
        for index, entry in enumerate(() if isinstance(self.tables, str) else self.tables):
            if isinstance(entry, Group):
                yield from ((("tables", index, "group", nth), table) for nth, table in enumerate(entry.group))
            else:
                yield ("tables", index), entry


class Configuration(Model):
    """The whole of pipelines.yaml."""

    copies: dict[DagId, Copy] = Field(
        default_factory=dict,
        description="Pipelines that copy tables; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
