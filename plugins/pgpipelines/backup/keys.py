"""The keys of encrypted sets, as age writes them: AGE-SECRET-KEY-1… is the secret, age1… what anybody may know."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from typing_extensions import Self

from pgpipelines.errors import ConfigurationError

SECRET, PUBLIC = "age-secret-key-", "age"
SECRET_BYTES = 32
NEW_KEY = "`python -m pgpipelines.backup new-key` makes one, and so does age-keygen"

# Bech32 (BIP 173): 5 bits a character, six of them a checksum.
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6


@dataclass(frozen=True)
class Identity:
    """A key that opens files. Its `recipient` names it and reveals nothing."""

    secret: X25519PrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make a key."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `text` or age-keygen has written. Raises ValueError, which never says the text."""
        if text not in {text.lower(), text.upper()}:
            raise ValueError("upper and lower case")
        return cls(X25519PrivateKey.from_private_bytes(_unbech32(SECRET, text.lower())))

    @property
    def public(self) -> X25519PublicKey:
        """The half that encrypts."""
        return self.secret.public_key()

    @property
    def recipient(self) -> str:
        """The half that encrypts, as text."""
        return _bech32(PUBLIC, public_bytes(self.public))

    @property
    def text(self) -> str:
        """The secret, as text."""
        return _bech32(SECRET, self.secret.private_bytes_raw()).upper()


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


def public_bytes(key: X25519PublicKey) -> bytes:
    """The 32 bytes of a public key."""
    return key.public_bytes_raw()


def _bech32(prefix: str, content: bytes) -> str:
    values = list(_regrouped(content, 8, 5, pad=True))
    checked = _polymod([*_expanded(prefix), *values, *[0] * _CHECKSUM_LENGTH]) ^ 1
    values += [checked >> 5 * (_CHECKSUM_LENGTH - 1 - nth) & 31 for nth in range(_CHECKSUM_LENGTH)]
    return f"{prefix}1{''.join(_ALPHABET[value] for value in values)}"


def _unbech32(prefix: str, text: str) -> bytes:
    found, _, encoded = text.rpartition("1")
    values = [_ALPHABET.index(letter) for letter in encoded]
    if found != prefix or _polymod([*_expanded(prefix), *values]) != 1:
        raise ValueError("not such a text")
    content = bytes(_regrouped(values[:-_CHECKSUM_LENGTH], 5, 8, pad=False))
    if len(content) != SECRET_BYTES:
        raise ValueError("not so long")
    return content


def _expanded(prefix: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]


def _polymod(values: Iterable[int]) -> int:
    checked = 1
    for value in values:
        top = checked >> 25
        checked = (checked & 0x1FFFFFF) << 5 ^ value
        for nth, generator in enumerate(_GENERATOR):
            checked ^= generator if top >> nth & 1 else 0
    return checked


def _regrouped(values: Iterable[int], bits: int, into: int, *, pad: bool) -> Iterator[int]:
    """The same bits in groups of another size."""
    held, held_bits = 0, 0
    for value in values:
        held, held_bits = held << bits | value, held_bits + bits
        while held_bits >= into:
            held_bits -= into
            yield held >> held_bits & (1 << into) - 1
    if pad and held_bits:
        yield held << into - held_bits & (1 << into) - 1
