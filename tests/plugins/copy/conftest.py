"""What holds for every test of copies."""

from __future__ import annotations

import pytest

from pgpipelines.copy import engine


@pytest.fixture(autouse=True)
def no_pause_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that starts anew does so at once."""
    monkeypatch.setattr(engine, "ATTEMPT_SECONDS", 0.0)
