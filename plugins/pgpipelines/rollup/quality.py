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
    """Raise QualityError where more of what a run evaluated is in quarantine than the settings allow."""
    settings = request.settings
    rows = sum(found.sessions for found in report.quarantined)
    energy = sum(found.energy_wh for found in report.quarantined)
    too_many = _share(rows, report.sessions) > settings.quarantine_row_share
    too_much = _share(energy, report.energy_wh) > settings.quarantine_energy_share
    if rows < settings.quarantine_at_least or not (too_many or too_much):
        return
    reasons = ", ".join(f"{found.reason} {found.sessions:,}" for found in report.quarantined)
    raise QualityError(
        f"{request.endpoint}: {rows:,} of {report.sessions:,} sessions with {_share(energy, report.energy_wh):.1%} of "
        f"their energy can't be right: {reasons}; the last good statistics stay",
        "correct the raw rows, or raise quarantine_row_share or quarantine_energy_share knowingly",
    )


def require_reconciled(request: RollupRequest, found: Reconciliation) -> None:
    """Raise VerificationError where hours and quarantine don't hold exactly what the raw log holds."""
    booked = found.hours + found.quarantine
    if booked != found.log:
        raise VerificationError(
            f"{request.endpoint}: charger_usage_log holds {found.log}, hours and quarantine {booked}",
            "rebuild the statistics; what wrote to the raw tables without triggers, or to the statistics, is at fault",
        )


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / whole if whole else Decimal(0)
