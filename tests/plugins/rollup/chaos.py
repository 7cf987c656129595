"""Random rows and random changes of the raw tables, dealt by dice: the same dice, the same changes.

Times crowd around a few days, so that sessions overlap, cross hours, midnights and changes of clocks; every kind of
dirt comes up. Rows to change are picked by their place among the ids, so that a change fits whatever is there.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

Statement = tuple[str, Mapping[str, object]]
Columns = dict[str, Any]
STATIONS = ("S1", "S2", "S3")
CHARGERS = {"C1": "S1", "C2": "S1", "C3": "S2", "C4": "S3"}
STATUSES = ("AVAILABLE", "IN_USE", "RESERVED", "FAULT", "FAULT", "OFFLINE", "MAINTENANCE", "Available", "", None)
PAYMENTS = ("completed", "completed", "pending", "failed", "refunded", None)
CHARGES = ("base_charge", "energy_charge", "time_charge", "parking_charge")
# Coprime to the number of ids: they come in no order, and none comes twice.
STRIDE, IDS = 7919, 10_000_019


def stations_and_chargers() -> Iterator[Statement]:
    """All stations and chargers."""
    for station in STATIONS:
        yield _insert("station_info", {"station_id": station, "station_name": station})
    for charger in CHARGERS:
        yield from put_charger(charger, 50.0)


def put_charger(charger: str, rated_power: float | None) -> Iterator[Statement]:
    """A charger at its first station, both made if missing."""
    station = CHARGERS[charger]
    yield _insert("station_info", {"station_id": station, "station_name": station}, "ON CONFLICT DO NOTHING")
    columns = {"charger_id": charger, "station_id": station, "charger_type": "FAST", "rated_power": rated_power}
    yield _insert("charger_info", columns, "ON CONFLICT DO NOTHING")


def _insert(table: str, columns: Mapping[str, object], conflict: str = "") -> Statement:
    values = ", ".join(f"%({name})s" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) {conflict}", columns


@dataclass
class Chaos:
    """Deals changes, each a few statements.

    Attributes:
        dice: What they are dealt with.
        centre: The moment around which things happen, as raw times are written.
        chargers: Those to deal with.
        twins: Whether a transaction id may come twice.
        cascades: Whether chargers and stations are deleted, with all that hangs on them.
    """

    dice: random.Random
    centre: datetime
    chargers: Sequence[str] = tuple(CHARGERS)
    twins: bool = False
    cascades: bool = True
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def change(self) -> Iterator[Statement]:
        """Deal a change of any kind."""
        changes: dict[Callable[[], Iterator[Statement]], int] = {
            self.add_session: 24,
            self.add_sessions: 4,
            self.add_metered_session: 24,
            self.add_samples: 12,
            self.update_session: 28,
            self.end_session: 8,
            self.update_all_sessions: 2,
            self.write_session_again: 4,
            self.delete_session: 10,
            self.delete_sessions: 2,
            self.update_sample: 12,
            self.delete_samples: 4,
            self.change_charger: 4,
            self.delete_charger: int(self.cascades),
        }
        (dealt,) = self.dice.choices(list(changes), list(changes.values()))
        return dealt()

    def reload(self) -> Iterator[Statement]:
        """Empty a table and load the same rows, or some of them, in another order."""
        table = self.dice.choice(("charger_usage_log", "power_consumption"))
        seed, share = self.dice.random(), self.dice.choice((1.0, 1.0, 0.9))
        yield f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS TABLE {table}", {}
        yield f"TRUNCATE {table}", {}
        yield (
            f"INSERT INTO {table} SELECT * FROM kept WHERE abs(hashint8(id)) %% 1000 < 1000 * %(share)s"
            " ORDER BY hashint8extended(id, (%(seed)s * 1e9)::bigint)",
            {"seed": seed, "share": share},
        )

    # ------------------------------------------------------------------------------------------------ sessions

    def add_session(self) -> Iterator[Statement]:
        """A session of any kind."""
        yield _insert("charger_usage_log", self.session())

    def add_sessions(self) -> Iterator[Statement]:
        """Several sessions in one statement."""
        rows = [self.session() for _ in range(self.dice.randint(2, 8))]
        names = list(rows[0])
        values = ", ".join(f"({', '.join(f'%({name}_{place})s' for name in names)})" for place in range(len(rows)))
        bound = {f"{name}_{place}": row[name] for place, row in enumerate(rows) for name in names}
        yield f"INSERT INTO charger_usage_log ({', '.join(names)}) VALUES {values}", bound

    def session(self) -> Columns:
        """Columns of a session of any kind."""
        start = self.moment()
        energy = self.energy()
        charges = {name: self.charge() for name in CHARGES}
        whole = sum((charge or Decimal(0) for charge in charges.values()), Decimal(0))
        number = self.next_id()
        meter = Decimal(self.dice.randint(0, 5000))
        return {
            "id": number,
            "charger_id": self.charger() if self.dice.random() > 0.03 else None,
            "transaction_id": self.transaction(number),
            "session_date": start.date(),
            "start_time": start,
            "end_time": self.end_after(start),
            "duration_minutes": self.dice.choice((None, 0, 60, 61, 125, 600)),
            "energy_delivered": energy,
            "energy_meter_start": self.dice.choice((None, meter)),
            "energy_meter_end": self.dice.choice((None, meter + (energy or 0))),
            "max_power": self.dice.choice((None, 7.0, 22.5, 50.0)),
            **charges,
            "total_charge": self.dice.choice((None, whole, whole, whole + self.dice.choice((-500, 1)))),
            "payment_status": self.dice.choice(PAYMENTS),
            "created_at": start + timedelta(minutes=self.dice.choice((0, 0, 1, 600))),
        }

    def add_metered_session(self) -> Iterator[Statement]:
        """A session with the samples that belong to it, mostly usable, on a charger that is free for it."""
        # In calmer weeks too, where less comes between.
        charger, start = self.charger(), self.moment() + timedelta(weeks=self.dice.randint(-3, 3))
        step = timedelta(minutes=self.dice.choice((5, 15, 15, 15, 30)), seconds=self.dice.choice((0, 0, 0, 1)))
        steps = self.dice.randint(1, 20)
        rising = self.dice.randint(1, steps)
        spread = {"charger_id": charger, "first": start - timedelta(hours=1), "last": start + step * (steps + 4)}
        if self.dice.random() < 0.8:
            for table, column in (("charger_usage_log", "start_time"), ("power_consumption", "measurement_time")):
                during = f"{column} BETWEEN %(first)s AND %(last)s"
                yield f"DELETE FROM {table} WHERE charger_id = %(charger_id)s AND {during}", spread
        register = begun = Decimal(self.dice.randint(0, 5_000_000)).scaleb(-3)
        offset = timedelta(seconds=self.dice.choice((0, 0, 17, 0.25)))
        for place in range(steps):
            rise = self.dice.choice((0, 1, 250, 1333, self.dice.randint(0, 4000)))
            register += Decimal(rise if place < rising else 0).scaleb(-3)
            shown = self.dice.choice((register,) * 30 + (None, register - 1))
            yield self.sample_at(charger, start + offset + place * step, shown)
        open_ = self.dice.random() < 0.3
        stated = self.dice.choice((register - begun, register - begun, self.energy()))
        yield _insert(
            "charger_usage_log",
            {
                **self.session(),
                "charger_id": charger,
                "start_time": start,
                "end_time": None if open_ else start + steps * step,
                "energy_meter_start": begun,
                "energy_meter_end": None if open_ else register + self.dice.choice((0, 0, Decimal("0.100"))),
                "energy_delivered": None if open_ and self.dice.random() < 0.8 else stated,
            },
        )

    def update_session(self) -> Iterator[Statement]:
        """Change something of a session, or nothing that matters."""
        column = self.dice.choice(
            (
                "charger_id",
                "transaction_id",
                "start_time",
                "end_time",
                "duration_minutes",
                "energy_delivered",
                "energy_meter_start",
                "energy_meter_end",
                "max_power",
                *CHARGES,
                "total_charge",
                "payment_status",
                "created_at",
                "user_id_hash",
            )
        )
        value = {"user_id_hash": "a0", **self.session()}[column]
        yield self._update("charger_usage_log", column, value)

    def end_session(self) -> Iterator[Statement]:
        """End an open session, as the application does."""
        end = {"minutes": self.dice.randint(0, 600), "energy": self.energy(), "pick": self.dice.random()}
        yield (
            """
            UPDATE charger_usage_log
            SET
                end_time = start_time + %(minutes)s * interval '1 minute',
                energy_delivered = %(energy)s,
                duration_minutes = %(minutes)s
            WHERE id = (SELECT id FROM charger_usage_log WHERE end_time IS NULL ORDER BY id OFFSET (
                SELECT (count(*) * %(pick)s)::bigint FROM charger_usage_log WHERE end_time IS NULL
            ) LIMIT 1)
            """,
            end,
        )

    def update_all_sessions(self) -> Iterator[Statement]:
        """Change a column of very many sessions in one statement."""
        column, value = self.dice.choice(
            (("payment_status", "completed"), ("base_charge", "100"), ("user_id_hash", "b"))
        )
        yield f"UPDATE charger_usage_log SET {column} = %(value)s WHERE id %% 3 = 0", {"value": value}

    def write_session_again(self) -> Iterator[Statement]:
        """Write a session over the one of the same id, as a copy does."""
        row = self.session()
        sets = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("id", "transaction_id"))
        yield (
            f"INSERT INTO charger_usage_log ({', '.join(row)})"
            f" SELECT id, {', '.join(f'%({name})s' for name in row if name != 'id')} FROM charger_usage_log"
            f" WHERE id = {self._picked('charger_usage_log')}"
            f" ON CONFLICT (id) DO UPDATE SET {sets}",
            {**row, "transaction_id": None, "pick": self.dice.random()},
        )

    def delete_session(self) -> Iterator[Statement]:
        """Delete a session."""
        yield self._delete("charger_usage_log")

    def delete_sessions(self) -> Iterator[Statement]:
        """Delete some of the sessions."""
        yield (
            "DELETE FROM charger_usage_log WHERE id %% %(share)s = 0",
            {"share": self.dice.choice((3, 5, 11))},
        )

    # ------------------------------------------------------------------------------------------------- samples

    def add_samples(self) -> Iterator[Statement]:
        """A few samples of a charger, one after the other, at one instant, or late."""
        charger, first = self.charger(), self.moment()
        step = timedelta(minutes=self.dice.choice((0, 5, 15, 15, 30, 31)))
        for place in range(self.dice.randint(1, 6)):
            register = self.dice.choice((None, Decimal(self.dice.randint(0, 5000))))
            yield self.sample_at(charger, first + place * step, register)

    def sample_at(self, charger: str, moment: datetime, register: Decimal | None) -> Statement:
        """A sample with a register."""
        return _insert(
            "power_consumption",
            {
                "id": self.next_id(),
                "charger_id": charger,
                "measurement_time": moment,
                "input_power": self.dice.choice((None, 0.05, 7.4, 22.0, 49.9)),
                "cumulative_energy": register,
                "charger_status": self.dice.choice(STATUSES),
            },
        )

    def update_sample(self) -> Iterator[Statement]:
        """Change something of a sample, or nothing that matters."""
        columns: Columns = {
            "measurement_time": self.moment(),
            "charger_id": self.charger(),
            "charger_status": self.dice.choice(STATUSES),
            "cumulative_energy": self.dice.choice((None, Decimal(self.dice.randint(0, 5000)))),
            "input_power": self.dice.choice((None, 3.3, 50.1)),
            "voltage": 220.0,
        }
        column = self.dice.choice(list(columns))
        yield self._update("power_consumption", column, columns[column])

    def delete_samples(self) -> Iterator[Statement]:
        """Delete a sample, or some of them."""
        if self.dice.random() < 0.7:
            yield self._delete("power_consumption")
        else:
            share = {"share": self.dice.choice((7, 19))}
            yield "DELETE FROM power_consumption WHERE id %% %(share)s = 1", share

    # ------------------------------------------------------------------------------------------------ chargers

    def change_charger(self) -> Iterator[Statement]:
        """Change a charger's power, its station, or nothing that matters."""
        column, value = self.dice.choice(
            (
                ("rated_power", self.dice.choice((None, 0.0, 7.0, 22.0, 50.0, 50.0))),
                ("station_id", self.dice.choice(STATIONS)),
                ("firmware_version", "2"),
            )
        )
        values = {"value": value, "charger_id": self.charger()}
        if column == "station_id":
            yield _insert("station_info", {"station_id": value, "station_name": value}, "ON CONFLICT DO NOTHING")
        yield f"UPDATE charger_info SET {column} = %(value)s WHERE charger_id = %(charger_id)s", values

    def delete_charger(self) -> Iterator[Statement]:
        """Delete a charger, or a station, with all that hangs on it; both come back, empty."""
        charger = self.charger()
        if self.dice.random() < 0.3:
            yield "DELETE FROM station_info WHERE station_id = %(id)s", {"id": CHARGERS[charger]}
        else:
            yield "DELETE FROM charger_info WHERE charger_id = %(id)s", {"id": charger}
        for each in self.chargers:
            yield from put_charger(each, self.dice.choice((None, 7.0, 50.0)))

    # -------------------------------------------------------------------------------------------------- values

    def next_id(self) -> int:
        """An id that was never given."""
        return next(self.ids) * STRIDE % IDS

    def charger(self) -> str:
        """One of the chargers."""
        return self.dice.choice(self.chargers)

    def transaction(self, number: int) -> str | None:
        """A transaction's id: mostly its own."""
        if self.twins and self.dice.random() < 0.2:
            return f"T{self.dice.randint(1, 5)}"
        return None if self.dice.random() < 0.1 else f"T{number}"

    def moment(self) -> datetime:
        """A time around the centre: on the hour, on the quarter, or anywhere to the microsecond."""
        days = self.dice.choice((0, 0, 0, 0, 0, -1, -1, 1, 1, -2, 2, -7, 30))
        around = self.centre + timedelta(days=days, hours=self.dice.randint(-14, 14))
        grain = self.dice.random()
        if grain < 0.25:
            return around
        if grain < 0.55:
            return around + timedelta(minutes=15 * self.dice.randint(0, 3))
        if grain < 0.8:
            return around + timedelta(minutes=self.dice.randint(0, 59))
        if grain < 0.9:
            return around + timedelta(seconds=self.dice.randint(0, 3599))
        return around + timedelta(microseconds=self.dice.randint(0, 3_599_999_999))

    def end_after(self, start: datetime) -> datetime | None:
        """The end of a session: none, before its start, at once, in time, or days later."""
        lengths = {
            timedelta(minutes=-self.dice.randint(1, 600)): 3,
            timedelta(0): 5,
            timedelta(microseconds=self.dice.randint(1, 3_000_000)): 5,
            timedelta(minutes=15 * self.dice.randint(1, 24)): 30,
            timedelta(seconds=self.dice.randint(1, 40_000)): 40,
            timedelta(hours=self.dice.randint(47, 70), minutes=self.dice.choice((0, 0, 30))): 5,
            None: 12,
        }
        (length,) = self.dice.choices(list(lengths), list(lengths.values()))
        return None if length is None else start + length

    def energy(self) -> Decimal | None:
        """Energy in kWh: plausible, none, zero, negative, or far too much."""
        kinds = (None, Decimal(0), Decimal(-1), Decimal("0.001"), Decimal(5000), Decimal("NaN"))
        if self.dice.random() < 0.12:
            return self.dice.choice(kinds)
        return Decimal(self.dice.randint(1, 30_000)).scaleb(-3)

    def charge(self) -> Decimal | None:
        """An amount of money."""
        return self.dice.choice((None, Decimal(0), Decimal(500), Decimal(self.dice.randint(-200, 900_000)).scaleb(-2)))

    # ---------------------------------------------------------------------------------------------- statements

    def _picked(self, table: str) -> str:
        return (
            f"(SELECT id FROM {table} ORDER BY id OFFSET (SELECT (count(*) * %(pick)s)::bigint FROM {table}) LIMIT 1)"
        )

    def _update(self, table: str, column: str, value: object) -> Statement:
        picked = self._picked(table)
        return (
            f"UPDATE {table} SET {column} = %(value)s WHERE id = {picked}",
            {"value": value, "pick": self.dice.random()},
        )

    def _delete(self, table: str) -> Statement:
        return f"DELETE FROM {table} WHERE id = {self._picked(table)}", {"pick": self.dice.random()}
