"""The keys of encrypted sets, as age writes them: AGE-SECRET-KEY-1… is the secret, age1… what anybody may know."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from pyrage import IdentityError, x25519
from typing_extensions import Self

from pgpipelines.errors import ConfigurationError

NEW_KEY = "`python -m pgpipelines.backup new-key` makes one, and so does age-keygen"


@dataclass(frozen=True)
class Identity:
    """A key that opens files. Its `recipient` names it and reveals nothing."""

    secret: x25519.Identity = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make a key."""
        return cls(x25519.Identity.generate())

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `text` or age-keygen has written. Raises ValueError, which never says the text."""
        try:
            return cls(x25519.Identity.from_str(text))
        except IdentityError as error:
            raise ValueError(str(error)) from None

    @property
    def public(self) -> x25519.Recipient:
        """The half that encrypts."""
        return self.secret.to_public()

    @property
    def recipient(self) -> str:
        """The half that encrypts, as text."""
        return str(self.public)

    @property
    def text(self) -> str:
        """The secret, as text."""
        return str(self.secret)


@dataclass(frozen=True)
class KeySource:
    """Where a pipeline's keys are: an Airflow connection's password, or an environment variable."""

    connection: str | None = None
    variable: str | None = None

    def __str__(self) -> str:
        """Name the place."""
        return f"the password of connection {self.connection}" if self.connection else f"{self.variable}"

    def identities(self) -> tuple[Identity, ...]:
        """The keys, one on each line: the first one encrypts, any opens. Raises ConfigurationError."""
        lines = [line.strip() for line in self._text().splitlines()]
        try:
            found = tuple(Identity.read(line) for line in lines if line and not line.startswith("#"))
        except ValueError:
            raise ConfigurationError(f"{self} is no key of age", f"set it to AGE-SECRET-KEY-1…: {NEW_KEY}") from None
        if not found:
            raise ConfigurationError(f"{self} is not set, so that dumps can't be encrypted or read", NEW_KEY)
        return found

    def _text(self) -> str:
        if self.connection is None:
            return os.environ.get(self.variable or "", "")
        from pgpipelines.connections import password  # noqa: PLC0415 (Airflow, only where it is asked)

        return password(self.connection)
