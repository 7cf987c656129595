"""What stops a run before it publishes: figures that don't add up, and too much that can't be right."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pgpipelines.errors import QualityError, VerificationError

if TYPE_CHECKING:
    from pgpipelines.rollup.evaluation import Amounts
    from pgpipelines.rollup.reports import HoursReport, Reconciliation
    from pgpipelines.rollup.request import RollupRequest


def require_conserved(request: RollupRequest, sessions: Amounts, hours: Amounts) -> None:
    """Raise VerificationError where the hours don't hold exactly what the evaluated sessions amount to."""
    if sessions != hours:
        raise VerificationError(
            f"{request.endpoint}: the hours would hold {hours}, the sessions {sessions}",
            "this is an error of the statistics themselves, please report it; the last good ones stay",
        )


def require_quality(request: RollupRequest, report: HoursReport) -> None:
    """Raise QualityError where more of what a run evaluated goes into quarantine than the settings allow.

    Sessions that are there already, and are only looked at again, count on neither side.
    """
    settings = request.settings
    rows = sum(found.new_sessions for found in report.quarantined)
    energy = sum(found.new_energy_wh for found in report.quarantined)
    of_rows = report.sessions - sum(found.sessions - found.new_sessions for found in report.quarantined)
    of_energy = report.energy_wh - sum(found.energy_wh - found.new_energy_wh for found in report.quarantined)
    too_many = _share(rows, of_rows) > settings.quarantine_row_share
    too_much = _share(energy, of_energy) > settings.quarantine_energy_share
    if rows < settings.quarantine_at_least or not (too_many or too_much):
        return
    reasons = ", ".join(f"{found.reason} {found.new_sessions:,}" for found in report.quarantined if found.new_sessions)
    raise QualityError(
        f"{request.endpoint}: {rows:,} of {of_rows:,} sessions with {_share(energy, of_energy):.1%} of "
        f"their energy can't be right: {reasons}; the last good statistics stay",
        "correct the raw rows, or raise quarantine_row_share or quarantine_energy_share knowingly",
    )


def require_reconciled(request: RollupRequest, found: Reconciliation) -> None:
    """Raise VerificationError where hours and quarantine don't hold exactly what the raw log holds."""
    booked = found.hours + found.quarantine
    if booked == found.log:
        return
    cause = f"{request.endpoint}: charger_usage_log holds {found.log}; hours and quarantine {booked}"
    if found.late:
        raise VerificationError(
            f"{cause}; {found.late:,} sessions were written into months that are detached",
            "attach their months again, or take these sessions out of charger_usage_log",
        )
    raise VerificationError(
        cause,
        "rebuild the statistics; what wrote to the raw tables without triggers, or to the statistics, is at fault",
    )


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / whole if whole else Decimal(0)
