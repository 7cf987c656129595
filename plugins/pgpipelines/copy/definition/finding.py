"""What a comparison of source and target found, and what may be done about it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pgpipelines.errors import DriftError

if TYPE_CHECKING:
    from pgpipelines.copy.definition.statement import Statement

# A notice hinders no row; a widening makes room for rows and loses nothing; an easing does so for rows that may come,
# or never; the rest is for a person to decide.
Effect = Literal["notice", "easing", "widening", "loss"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """A difference, and the statements that make the target what the source is; `advice` where there are none."""

    cause: str
    effect: Effect
    statements: tuple[Statement, ...] = ()
    advice: str = ""

    @property
    def remedy(self) -> str:
        """What a person can run, or do."""
        return " ".join(statement.text for statement in self.statements) or self.advice


def require(what: str, findings: Iterable[Finding], *, widen: bool) -> list[Statement]:
    """The statements that make room for the source's rows, none where nothing may be widened.

    Notices go to the log. Raises DriftError, naming every other finding, with the statements of all.
    """
    found = list(findings)
    for finding in found:
        if finding.effect == "notice" or (finding.effect == "easing" and not widen):
            log.info("%s of the target: %s", what, finding.cause)
    widenings = [finding for finding in found if finding.effect == "widening"]
    losses = [finding for finding in found if finding.effect == "loss"]
    if losses or (widenings and not widen):
        hindering = [finding for finding in found if finding.effect in {"widening", "loss"}]
        cause = "; ".join(finding.cause for finding in hindering)
        raise DriftError(f"{what} of the target: {cause}", " ".join(finding.remedy for finding in hindering))
    wanted = [finding for finding in found if finding.effect in {"easing", "widening"}] if widen else []
    return [statement for finding in wanted for statement in finding.statements]
