"""Puts computed rows in place of those that stand there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgpipelines.templates import QualifiedName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pgpipelines.sessions import Session

KEY_COLUMNS = 2
# The columns of hourly_charger_stats as rollup/_hours.sql computes them, in its order.
HOUR_COLUMNS = (
    "charger_id stats_hour num_sessions total_energy total_duration_minutes total_revenue avg_power max_power "
    "stats_date hour_key active_sessions occupied_seconds charging_seconds base_charge energy_charge time_charge "
    "parking_charge adjustment revenue_completed revenue_pending revenue_failed metered_energy provisional up_seconds "
    "down_seconds maintenance_seconds fault_count last_status"
).split()
# Those of daily_charger_stats as rollup/_days.sql computes them.
DAY_COLUMNS = (
    "charger_id stats_date num_sessions total_energy total_duration_minutes total_revenue avg_charge_per_session "
    "hourly_energy hourly_sessions hourly_revenue uptime_percentage fault_count maintenance_required active_sessions "
    "occupied_seconds charging_seconds base_charge energy_charge time_charge parking_charge adjustment "
    "revenue_completed revenue_pending revenue_failed metered_energy provisional up_seconds down_seconds "
    "maintenance_seconds unknown_seconds last_status"
).split()
# Those of pgpipelines.session_finding as rollup/findings.sql finds them.
FINDING_COLUMNS = ("session_id charger_id transaction_id start_time end_time severity reason energy_wh revenue").split()


@dataclass(frozen=True)
class Written:
    """Rows that were new or differed, and rows that are gone."""

    written: int
    deleted: int


def replace(session: Session, template: str, computed: str, context: Mapping[str, Any]) -> Written:
    """Run the replacing template for a temporary table of computed rows, whose first two columns are their key."""
    columns = [row.name for row in session.query("rollup/columns.sql", {"name": computed})]
    key, others = columns[:KEY_COLUMNS], columns[KEY_COLUMNS:]
    session.execute("rollup/analyze.sql", table=QualifiedName("pg_temp", computed), key=key)
    done = session.one(template, columns=others, **context)
    return Written(done.written, done.deleted)
