"""What include/pipelines.yaml may say, as frozen models. The published JSON Schema is made from these."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from pgpipelines.configuration.tables import EVERY_TABLE, Group, Table, Tables
from pgpipelines.configuration.values import (
    ConnectionId,
    Connections,
    Count,
    DagId,
    DrillName,
    Duration,
    Factor,
    FolderName,
    FormatName,
    IfLockedName,
    KeepCount,
    Model,
    Name,
    OnDriftName,
    Parallel,
    Percentage,
    PoolName,
    SamplePeriod,
    Schedule,
    Share,
    StrategyName,
    Streams,
    Switch,
    TableName,
    Timezone,
    VariableName,
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


class RollupRules(Model):
    """What decides the figures of charger statistics, and what stops them."""

    tables_schema: Name = Field(
        "public", alias="schema", description="Schema of the raw tables, and of the statistics beside them."
    )
    source_timezone: Timezone = Field("UTC", description="Time zone of the raw tables' times.")
    business_timezone: Timezone = Field("Asia/Seoul", description="Time zone in which hours and days begin.")
    sample_period: SamplePeriod = Field("15m", description="How often a charger's meter is read, from 1m to 1h.")
    max_status_gap: Duration | None = Field(
        None, description="How long a status holds without another sample; two sample periods unless said."
    )
    power_tolerance: Factor = Field(
        Decimal("1.5"),
        description="A session with an average power above this many times the rated one can't be right.",
    )
    future_tolerance: Duration = Field("1h", description="By how much a charger's clock may be ahead.")
    quarantine_energy_share: Share = Field(
        Decimal("0.01"), description="A run fails where more of the energy that it evaluates than this can't be right,"
    )
    quarantine_row_share: Share = Field(Decimal("0.02"), description="or more of the sessions than this,")
    quarantine_at_least: Count = Field(10, description="if there are this many at least.")
    uptime_target: Percentage = Field(
        Decimal(97), description="A charger that is up for less of a day's known time needs maintenance,"
    )
    maintenance_faults: Count = Field(3, description="and so does one that has as many faults in a day.")
    workers: Streams = Field(2, description="Connections that compute at the same time where everything is computed.")

    def settings(self) -> dict[str, Any]:
        """The settings as a task is given them: plain values."""
        return self.model_dump(mode="json", include=set(RollupRules.model_fields), exclude_none=True)


class Rollup(RollupRules):
    """A pipeline that rolls raw charger logs up into hourly and daily statistics, in the same database."""

    schedule: Schedule = Field(
        description="When it runs: five cron fields or a preset such as @hourly; null: not by time."
    )
    timezone: Timezone = Field("Asia/Seoul", description="Time zone of the schedule.")
    connection: ConnectionId = Field(description="Airflow connection of the database that has the raw tables.")
    after_copies: Switch = Field(
        True,
        description="Run as well whenever a copy of this package has brought charger_usage_log or power_consumption.",
    )


class Partitions(Model):
    """A pipeline that keeps the large tables of chargers partitioned by month."""

    schedule: Schedule = Field(
        description="When it runs: five cron fields or a preset such as @daily; null runs it by hand only."
    )
    timezone: Timezone = Field("Asia/Seoul", description="Time zone of the schedule.")
    connection: ConnectionId = Field(description="Airflow connection of the database that has the tables.")
    tables_schema: Name = Field("public", alias="schema", description="Schema of the tables.")
    months_ahead: Count = Field(3, description="Months that are made before they begin.")
    keep_months: Count | None = Field(
        None, description="Whole months before this one that are kept; null: no month is ever old."
    )
    detach: Switch = Field(
        False, description="Detach months that are older (never drop them); false: only report them."
    )
    longest_end: Duration = Field(
        "7d", description="How far behind its month a session may end without keeping the month from being detached."
    )

    def settings(self) -> dict[str, Any]:
        """The settings as a task is given them: plain values."""
        return self.model_dump(mode="json", exclude={"schedule", "timezone"})


class KeepRules(Model):
    """How many sets are kept; the newest proven one always is."""

    daily: KeepCount = Field(7, description="Days that keep their last set;")
    weekly: KeepCount = Field(4, description="weeks, from Monday, that do;")
    monthly: KeepCount = Field(12, description="and months.")


class Encryption(Model):
    """Where the key is by which sets are encrypted: exactly one of these. The key itself is never in this file."""

    key_connection: ConnectionId | None = Field(None, description="An Airflow connection, whose password is the key.")
    key_variable: VariableName | None = Field(None, description="An environment variable, whose value is the key.")


class Dumps(Model):
    """A pipeline that dumps databases, proves each dump by restoring it, and keeps as many as it should."""

    schedule: Schedule = Field(
        description="When it runs: five cron fields or a preset such as @daily; null runs it by hand only."
    )
    timezone: Timezone = Field("Asia/Seoul", description="Time zone of the schedule, and of the days that are kept.")
    databases: Connections = Field(description="Airflow connections of the databases to dump.")
    directory: FolderName | None = Field(
        None,
        description="Where the sets are kept: a folder, relative to the package's, or a URL such as "
        "s3://connection@bucket/folder. Without it: PGPIPELINES_DUMP_DIRECTORY, or else the folder dumps.",
    )
    keep: KeepRules = Field(default_factory=KeepRules, description="How many sets are kept.")
    format: FormatName = Field(
        "custom",
        description="How pg_dump writes: custom, one compressed file; directory, compressed files by several "
        "connections; plain, SQL that a person reads and psql restores.",
    )
    drill: DrillName = Field(
        "embedded",
        description="embedded restores each set into a server that lives for that, on the machine of the task, and "
        "compares; the id of an Airflow connection does so on that server, which nothing else needs; none proves "
        "nothing.",
    )
    encryption: Encryption | None = Field(
        None, description="Encrypt the files of each set, in the format of age, by a key that a place is named of here."
    )
    overdue_after: Duration = Field("26h", description="The age at which the newest good set is too old.")

    def settings(self) -> dict[str, Any]:
        """The settings as a task is given them: plain values."""
        return self.model_dump(mode="json", exclude={"schedule", "databases"})


class BaseBackups(Model):
    """A pipeline that takes physical backups of servers, proves each by going back to a moment, and keeps some."""

    schedule: Schedule = Field(
        description="When it runs: five cron fields or a preset such as @weekly; null runs it by hand only."
    )
    timezone: Timezone = Field("Asia/Seoul", description="Time zone of the schedule.")
    servers: Connections = Field(description="Airflow connections of the servers, of a role that may replicate.")
    wal_archive: FolderName = Field(
        description="Where the servers' archive_command copies WAL to, relative to the package's folder: in there, "
        "each server has a folder named as its connection."
    )
    directory: FolderName | None = Field(
        None,
        description="Where the backups are kept, in a folder @base_backups. Without it: PGPIPELINES_DUMP_DIRECTORY, or "
        "else the folder dumps.",
    )
    keep: Count = Field(2, description="Full backups that are kept, with those that stand on them; and the WAL since.")
    incrementals: KeepCount = Field(
        0,
        description="Incremental backups that are taken on each full one before the next full one (PostgreSQL 17 with "
        "summarize_wal = on; other servers get full ones).",
    )
    drill: DrillName = Field(
        "embedded",
        description="embedded recovers each backup to a random moment, in a server that lives for that on the machine "
        "of the task; none proves nothing.",
    )
    overdue_after: Duration = Field("8d", description="The age at which the newest good backup is too old.")

    def settings(self) -> dict[str, Any]:
        """The settings as a task is given them: plain values."""
        return self.model_dump(mode="json", include={"wal_archive", "directory", "keep", "incrementals"})


class Configuration(Model):
    """The whole of pipelines.yaml."""

    copies: dict[DagId, Copy] = Field(
        default_factory=dict,
        description="Pipelines that copy tables; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
    rollups: dict[DagId, Rollup] = Field(
        default_factory=dict,
        description="Pipelines that roll charger logs up into statistics; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
    partitions: dict[DagId, Partitions] = Field(
        default_factory=dict,
        description="Pipelines that keep tables partitioned by month; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
    dumps: dict[DagId, Dumps] = Field(
        default_factory=dict,
        description="Pipelines that dump databases and prove the dumps; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
    base_backups: dict[DagId, BaseBackups] = Field(
        default_factory=dict,
        description="Pipelines that take physical backups of servers and prove them; each key is the id of a DAG.",
        json_schema_extra={"additionalProperties": False},
    )
