"""Months, and the partitions that hold them: names, bounds, and what is missing. No database is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from pgpipelines.copy.definition.place import cut
from pgpipelines.templates import QualifiedName

# The tables that may be partitioned by month, each with the time that decides.
MONTHLY: Mapping[str, str] = MappingProxyType(
    {"charger_usage_log": "start_time", "power_consumption": "measurement_time"}
)
# What happened before is a clock that is wrong: no month of its own.
FIRST_YEAR = 2000


@dataclass(frozen=True, order=True)
class Month:
    """A month of a calendar, from its first moment to that of the next."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Month:
        """The month in which a day, or a time, lies."""
        return cls(day.year, day.month)

    def plus(self, months: int) -> Month:
        """The month so many months later."""
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)

    @property
    def begin(self) -> datetime:
        """Its first moment, without zone as the raw times are."""
        return datetime(self.year, self.month, 1)  # noqa: DTZ001 (the raw times have no zone)

    @property
    def end(self) -> datetime:
        """The first moment of the next month."""
        return self.plus(1).begin

    def __str__(self) -> str:
        """As a name of a partition ends."""
        return f"{self.year:04}_{self.month:02}"


@dataclass(frozen=True)
class Partition:
    """A partition and the times that it takes, from `begin` to before `end`; the default one has neither."""

    name: QualifiedName
    default: bool
    begin: datetime | None
    end: datetime | None

    def meets(self, month: Month) -> bool:
        """Tell whether it takes any time of a month."""
        return (self.begin is None or self.begin < month.end) and (self.end is None or month.begin < self.end)

    def before(self, month: Month) -> bool:
        """Tell whether it lies wholly before a month, and begins somewhere."""
        return self.begin is not None and self.end is not None and self.end <= month.begin


def span(first: Month, last: Month) -> Iterator[Month]:
    """The months from the first to the last."""
    while first <= last:
        yield first
        first = first.plus(1)


def missing(wanted: Iterable[Month], partitions: Iterable[Partition]) -> list[Month]:
    """The wanted months, in order, of which no partition takes a time yet."""
    taken = [partition for partition in partitions if not partition.default]
    return sorted({month for month in wanted if not any(partition.meets(month) for partition in taken)})


def month_table(table: QualifiedName, month: Month) -> QualifiedName:
    """What the partition of a month is called."""
    return QualifiedName(table.schema, cut(table.name, f"_{month}"))


def default_table(table: QualifiedName) -> QualifiedName:
    """What the partition for stray times is called."""
    return QualifiedName(table.schema, cut(table.name, "_default"))
