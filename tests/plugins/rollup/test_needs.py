"""Tables that an application, or another tool, has made: what is missing is said before anything is done."""

from __future__ import annotations

import pytest

from pgpipelines.errors import ConfigurationError, MissingObjectError, QualityError
from pgpipelines.rollup.engine import roll_up_hours
from pgpipelines.rollup.needs import RAW, STATISTICS
from pgpipelines.rollup.request import RollupRequest, RollupSettings
from tests.fixtures.servers import Database
from tests.plugins.rollup.charging import RUN, add_session, insert, roll_up, statistics

UNFIT = {
    "ALTER TABLE charger_usage_log DROP COLUMN parking_charge, DROP COLUMN status":
        "charger_usage_log.parking_charge is missing, charger_usage_log.status is missing",
    "ALTER TABLE charger_usage_log ALTER start_time TYPE timestamptz":
        "charger_usage_log.start_time is of type timestamp with time zone, needed timestamp without time zone",
    "ALTER TABLE charger_usage_log ALTER id TYPE text":
        "charger_usage_log.id is of type text, needed integer or bigint or smallint",
    "ALTER TABLE power_consumption ALTER charger_status TYPE charger_status USING charger_status::charger_status":
        "power_consumption.charger_status is of type public.charger_status, needed character varying or text",
    "ALTER TABLE hourly_charger_stats DROP COLUMN avg_power":
        "hourly_charger_stats.avg_power is missing",
    "ALTER TABLE hourly_charger_stats ALTER total_energy TYPE double precision":
        "hourly_charger_stats.total_energy is of type double precision, needed numeric",
    "ALTER TABLE daily_charger_stats ALTER hourly_energy TYPE text":
        "daily_charger_stats.hourly_energy is of type text, needed jsonb",
    "ALTER TABLE hourly_charger_stats DROP CONSTRAINT hourly_charger_stats_charger_id_stats_hour_key":
        "public.hourly_charger_stats has no unique key of charger_id, stats_hour",
    "ALTER TABLE station_daily_stats DROP CONSTRAINT station_daily_stats_station_id_stats_date_key":
        "public.station_daily_stats has no unique key of station_id, stats_date",
}  # fmt: skip
FITTING = [
    "CREATE DOMAIN kwh AS numeric(12, 3); ALTER TABLE hourly_charger_stats ALTER total_energy TYPE kwh",
    "ALTER TABLE hourly_charger_stats ALTER num_sessions TYPE bigint, ALTER avg_power TYPE numeric",
    "ALTER TABLE hourly_charger_stats ADD COLUMN id bigserial PRIMARY KEY",
    "ALTER TABLE hourly_charger_stats DROP CONSTRAINT hourly_charger_stats_charger_id_stats_hour_key;"
    "ALTER TABLE hourly_charger_stats ADD PRIMARY KEY (stats_hour, charger_id)",
    "ALTER TABLE charger_usage_log ALTER energy_delivered TYPE double precision, ALTER charger_id TYPE text",
    "ALTER TABLE hourly_charger_stats ALTER stats_hour TYPE timestamptz",
]


@pytest.mark.parametrize(("change", "words"), UNFIT.items(), ids=range(len(UNFIT)))
def test_a_table_that_will_not_do_is_refused_with_what_is_wrong(charging: Database, change: str, words: str) -> None:
    charging.run(change)
    with pytest.raises(MissingObjectError, match=words) as refused:
        roll_up(charging)
    assert "ALTER TABLE" in refused.value.remedy
    assert not charging.value("SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'pgpipelines%')")


@pytest.mark.parametrize("change", FITTING, ids=range(len(FITTING)))
def test_a_table_that_is_made_otherwise_but_fits_is_used(charging: Database, change: str) -> None:
    charging.run(change)
    for day in (1, 2):
        add_session(charging, f"2025-01-0{day} 01:00", f"2025-01-0{day} 02:00", 5)
        roll_up(charging)
    assert charging.value("SELECT sum(total_energy) FROM hourly_charger_stats") == 10


def test_every_given_column_is_needed(charging: Database) -> None:
    for table, columns in STATISTICS.items():
        given = charging.rows("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", (table,))
        assert sorted(" ".join(columns.values()).split()) == sorted(name for (name,) in given)
    assert set(RAW) == {"charger_usage_log", "power_consumption", "charger_info"}


def test_rows_of_somebody_else_do_not_stop_a_run_whose_first_one_failed(charging: Database) -> None:
    for minute in range(10):
        add_session(charging, f"2025-01-01 03:{minute}", f"2025-01-01 02:{minute}", 5)
    with pytest.raises(QualityError):
        roll_up(charging)
    insert(charging, "hourly_charger_stats", charger_id="C1", stats_hour="2024-01-01")
    roll_up_hours(RollupRequest(charging.endpoint, RollupSettings(quarantine_at_least=11)), RUN)
    assert charging.value("SELECT count(*) FROM hourly_charger_stats") == 0
    assert not charging.value("SELECT count(*) FROM pgpipelines.set_aside WHERE table_name LIKE '%hourly%'")


def test_a_zone_two_of_whose_hours_will_overlap_is_refused_at_once(charging: Database) -> None:
    add_session(charging, "2025-01-01 10:00", "2025-01-01 11:00")
    roll_up(charging)
    before = statistics(charging)
    with pytest.raises(ConfigurationError, match="clocks of Australia/Lord_Howe move by part of an hour") as caught:
        roll_up(charging, RollupSettings(business_timezone="Australia/Lord_Howe"))
    assert caught.value.remedy == "choose a zone whose clocks move by whole hours, or never"
    assert statistics(charging) == before


def test_a_zone_two_of_whose_hours_once_overlapped_is_refused_where_a_session_is_older(charging: Database) -> None:
    pyongyang = RollupSettings(business_timezone="Asia/Pyongyang")
    add_session(charging, "1999-12-31 10:00", "1999-12-31 11:00")  # before the time of any charger: set aside
    add_session(charging, "2018-05-05 10:00", "2018-05-05 11:00")
    roll_up(charging, pyongyang)
    add_session(charging, "2018-05-03 10:00", "2018-05-03 11:00")
    with pytest.raises(ConfigurationError, match=r"\(in the week before 2018-05-05\)"):
        roll_up(charging, pyongyang)


@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "UTC"])
def test_a_zone_whose_clocks_move_by_whole_hours_or_never_will_do(charging: Database, zone: str) -> None:
    add_session(charging, "2001-01-01 10:00", "2001-01-01 11:00")
    roll_up(charging, RollupSettings(business_timezone=zone))
    assert charging.value("SELECT sum(total_energy) FROM daily_charger_stats") == 10
