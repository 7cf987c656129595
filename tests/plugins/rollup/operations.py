"""Random things that happen to the raw tables, as SQL: small times, so that much of it meets."""

from __future__ import annotations

import random

CHARGERS = ("C1", "C2", "C3", "C4", None)
STATUSES = ("AVAILABLE", "IN_USE", "FAULT", "FAULT", "OFFLINE", "MAINTENANCE", "ASLEEP", None)


class Operations:
    """An endless, repeatable series of statements about chargers C1 to C4 and the days around New Year 2025."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def next(self) -> str:
        """The next statement."""
        kinds = (
            (self.sessions, 8),
            (self.metered_session, 8),
            (self.samples, 6),
            (self.changed_sessions, 8),
            (self.deleted_sessions, 1),
            (self.changed_samples, 2),
            (self.deleted_samples, 1),
            (self.changed_charger, 1),
            (self.emptied, 0.05),
        )
        (kind,) = self._random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
        return kind()

    def sessions(self) -> str:
        """Some sessions, a few of them open, long, backwards, or of nobody."""
        rows = ", ".join(self._session() for _ in range(self._random.choice((1, 1, 3))))
        return (
            "INSERT INTO charger_usage_log (charger_id, start_time, end_time, duration_minutes, energy_delivered,"
            " energy_meter_start, energy_meter_end, max_power, base_charge, energy_charge, time_charge, parking_charge,"
            f" total_charge, payment_status) VALUES {rows}"
        )

    def _session(self) -> str:
        pick = self._random
        start = self._moment()
        minutes = pick.choice((0, 1, 20, 45, 90, 200, 900, 4000, -30))
        end = "NULL" if pick.random() < 0.1 else f"{start} + interval '{minutes} minutes {pick.randrange(60)} seconds'"
        energy = pick.choice(("NULL", "0", "1", "7.777", "20.001", "-1", "5", "3"))
        amounts = [pick.choice(("NULL", "0", "500", "1234.56", "-20")) for _ in range(4)]
        meter = pick.choice(("NULL", "100", "100", "101"))
        meter_end = pick.choice(("NULL", "104", "105", "110"))
        total = pick.choice(("NULL", "2000", "1754.56"))
        paid = pick.choice(("NULL", "'completed'", "'failed'", "'pending'", "'odd'"))
        charger = self._charger()
        values = (charger, start, end, pick.choice(("NULL", "20", "560")), energy, meter, meter_end, "7", *amounts)
        return f"({', '.join((*values, total, paid))})"

    def samples(self) -> str:
        """A run of samples a quarter of an hour, or so, apart."""
        pick = self._random
        step, count = pick.choice((5, 15, 20, 40)), pick.choice((1, 4, 12))
        charger = pick.choice([name for name in CHARGERS if name])
        status = pick.choice(STATUSES)
        rising = pick.choice(("100 + i", "100 + i / 2", "100 + abs(i - 3)", "NULL"))
        return (
            "INSERT INTO power_consumption"
            " (charger_id, measurement_time, input_power, cumulative_energy, charger_status) "
            f"SELECT '{charger}', {self._moment()} + i * interval '{step} minutes', {pick.choice((3, 40.5))}, {rising},"
            f" {'NULL' if status is None else repr(status)} FROM generate_series(0, {count - 1}) AS i"
        )

    def metered_session(self) -> str:
        """A session that its meter tells the shape of, if nothing else comes in between."""
        start, charger = self._moment(), self._charger("C1")
        minutes, energy = self._random.choice((50, 95, 200)), self._random.choice(("1.5", "3"))
        return (
            "INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered, energy_meter_start,"
            f" energy_meter_end, energy_charge, time_charge, parking_charge) VALUES ({charger}, {start}, {start} +"
            f" interval '{minutes} minutes', {energy}, 100, 108, 1000, 333.33, 77.77); "
            "INSERT INTO power_consumption (charger_id, measurement_time, cumulative_energy, charger_status)"
            f" SELECT {charger}, {start} + i * interval '17 minutes 3.5 seconds', least(108, 100 + i * 1.7), 'IN_USE'"
            f" FROM generate_series(0, {minutes // 17}) AS i"
        )

    def changed_sessions(self) -> str:
        """Some sessions end, move, are paid, or change hands."""
        change = self._random.choice(
            (
                "end_time = start_time + interval '50 minutes'",
                "start_time = start_time - interval '1 hour'",
                "end_time = NULL",
                "energy_delivered = energy_delivered + 0.001",
                "payment_status = 'completed'",
                "user_id_hash = 'x'",
                f"charger_id = {self._charger()}",
                "energy_meter_end = 103",
            )
        )
        return f"UPDATE charger_usage_log SET {change} WHERE {self._some('id')}"

    def deleted_sessions(self) -> str:
        """Some sessions go."""
        return f"DELETE FROM charger_usage_log WHERE {self._some('id')}"

    def changed_samples(self) -> str:
        """Some samples say something else."""
        change = self._random.choice(
            (
                "charger_status = 'FAULT'",
                "cumulative_energy = 103",
                "measurement_time = measurement_time + interval '1 h'",
            )
        )
        return f"UPDATE power_consumption SET {change} WHERE {self._some('id')}"

    def deleted_samples(self) -> str:
        """Some samples go."""
        return f"DELETE FROM power_consumption WHERE {self._some('id')}"

    def changed_charger(self) -> str:
        """A charger is rated anew, moves, comes or goes."""
        return self._random.choice(
            (
                "UPDATE charger_info SET rated_power = 57 - rated_power WHERE charger_id = 'C2'",
                "UPDATE charger_info SET station_id = CASE station_id WHEN 'S1' THEN 'S2' ELSE 'S1' END"
                " WHERE charger_id = 'C3'",
                "INSERT INTO charger_info (charger_id, station_id, charger_type, rated_power)"
                " VALUES ('C4', 'S1', 'FAST', 50) ON CONFLICT DO NOTHING",
                "DELETE FROM charger_info WHERE charger_id = 'C4'",
            )
        )

    def emptied(self) -> str:
        """A raw table is emptied."""
        return self._random.choice(("TRUNCATE charger_usage_log", "TRUNCATE power_consumption"))

    def _charger(self, *names: str) -> str:
        name = self._random.choice(names or (*CHARGERS, *CHARGERS[:4]))
        return "NULL" if name is None else f"'{name}'"

    def _some(self, column: str) -> str:
        return f"{column} % 7 = {self._random.randrange(7)}"

    def _moment(self) -> str:
        seconds = self._random.randrange(4 * 86400) // self._random.choice((1, 60, 900)) * 60 % (4 * 86400)
        return f"timestamp '2024-12-30' + interval '{seconds} seconds'"
