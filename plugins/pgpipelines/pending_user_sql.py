"""Stands in for `pgpipelines.copy.user_sql` until that is there: the same two functions, which check nothing yet."""

from __future__ import annotations

from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import Sql


def condition(text: str) -> Sql:
    """A condition that a person wrote. Raises ConfigurationError."""
    return _something(text, "write a condition, such as status = 'paid'")


def query(text: str) -> Sql:
    """A query that a person wrote. Raises ConfigurationError."""
    return _something(text, "write one query, such as SELECT id, name FROM users")


def _something(text: str, remedy: str) -> Sql:
    if not text.strip():
        raise ConfigurationError("no SQL", remedy)
    return Sql(text)
