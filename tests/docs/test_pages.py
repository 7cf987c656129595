"""Whoever follows the pages sees what is wrong in them."""

from __future__ import annotations

from tests.docs.pages import Reader, wrong_sums

SETUP = """
```sql
INSERT INTO station_info (station_id, station_name) VALUES ('S1', 'one');
INSERT INTO charger_info (charger_id, station_id, charger_type) VALUES ('C1', 'S1', 'FAST');
INSERT INTO charger_usage_log (charger_id, start_time, end_time, energy_delivered)
VALUES ('C1', '2025-03-03 01:00', '2025-03-03 02:00', 10);
```

```yaml
rollups: {charger_stats: {schedule: null, connection: target_postgres_conn}}
```

```bash
airflow dags trigger charger_stats
```
"""
TABLE = """
| column | C1 10:00 |
|---|---|
| `total_energy` | 10.000 |
| `num_sessions` | 2 |
"""
QUERY = """
```sql
SELECT 1 + 1 AS two;
```

```text
 two
-----
   3
```
"""


def test_other_output_is_found(reader: Reader) -> None:
    (found,) = reader.follow(QUERY)
    assert (found.shown, found.real) == (" two\n-----\n   3", " two\n-----\n   2")


def test_another_figure_of_an_example_is_found(reader: Reader) -> None:
    (found,) = reader.follow(SETUP + TABLE)
    assert (found.place.partition(", ")[2], found.shown, found.real) == ("C1 10:00, num_sessions", "2", "1")


def test_an_error_that_the_page_does_not_show_is_found(reader: Reader) -> None:
    missing = "```sql\nDROP TABLE power_consumption;\n```\n"
    (found,) = reader.follow(missing + SETUP)
    assert "MissingObjectError" in found.real


def test_sums_that_do_not_come_out_are_found(reader: Reader) -> None:
    text = "`10,000 × 15 / 90 = 1,667`, `7 - 2 = 5`, `1 / 3 = 0.34`, not a sum: `a = 5`"
    assert [(wrong.shown, wrong.real) for wrong in wrong_sums(reader.database, text)] == [("0.34", "0.33")]
