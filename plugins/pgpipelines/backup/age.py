"""The file format of age (age-encryption.org/v1), for keys of X25519: `age --decrypt` reads what is written here.

A file has a key of its own, which its header holds encrypted for one recipient. The rest is pieces of 64 KiB, each
with its number and whether it is the last one: none can be changed, moved, repeated or cut off unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pgpipelines.backup.keys import Identity, public_bytes

PIECE_BYTES = 64 * 1024
TAG_BYTES = 16
KEY_BYTES = 16
NONCE_BYTES = 16
WRAPPED_BYTES = KEY_BYTES + TAG_BYTES
MOST_OF_A_LINE = 8192
MOST_LINES = 100

_VERSION = b"age-encryption.org/v1\n"
_NOT_COUNTED = bytes(12)
_RECIPIENT = re.compile(rb"-> X25519 (\S+)\n")


class UnreadableFileError(Exception):
    """A file is not of this format, is for another key, was changed or cut; one line that says which."""


def encrypt(source: IO[bytes], target: IO[bytes], recipient: X25519PublicKey) -> None:
    """Encrypt what `source` holds to its end, so that only the recipient's identity opens it."""
    file_key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    header = _VERSION + _stanza(file_key, recipient) + b"---"
    target.write(header + b" " + _base64(_mac(file_key, header)) + b"\n" + nonce)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    for count, last, piece in _pieces(source, PIECE_BYTES):
        target.write(cipher.encrypt(_counter(count, last=last), piece, None))


def decrypted(source: IO[bytes], identities: Iterable[Identity]) -> Iterator[bytes]:
    """Give the content of an encrypted file piece by piece. Raises UnreadableFileError, also after many good pieces."""
    file_key = _file_key(source, identities)
    cipher = ChaCha20Poly1305(_derived(file_key, source.read(NONCE_BYTES), b"payload"))
    for count, last, piece in _pieces(source, PIECE_BYTES + TAG_BYTES):
        try:
            content = cipher.decrypt(_counter(count, last=last), piece, None)
        except InvalidTag:
            raise UnreadableFileError("it was changed or cut") from None
        if not content and count:
            raise UnreadableFileError("it was changed")
        yield content


def _file_key(source: IO[bytes], identities: Iterable[Identity]) -> bytes:
    """Read the header to its end, and the file's key out of it."""
    lines = list(_header(source))
    header, _, mac = b"".join(lines).rpartition(b" ")
    for first, body in pairwise(lines):
        share = _RECIPIENT.fullmatch(first)
        if share is None:
            continue
        for identity in identities:
            file_key = _unwrapped(_bytes(share[1]), _bytes(body.rstrip(b"\n")), identity)
            if file_key is not None:
                _require_mac(_mac(file_key, header), _bytes(mac.rstrip(b"\n")))
                return file_key
    raise UnreadableFileError("it was encrypted for another key, or its header was changed")


def _require_mac(wanted: bytes, found: bytes) -> None:
    if not constant_time.bytes_eq(wanted, found):
        raise UnreadableFileError("its header was changed")


def _header(source: IO[bytes]) -> Iterator[bytes]:
    line = source.readline(len(_VERSION))
    if line != _VERSION:
        raise UnreadableFileError("it is no file of age")
    for _ in range(MOST_LINES):
        yield line
        if line.startswith(b"--- "):
            return
        line = source.readline(MOST_OF_A_LINE)
    raise UnreadableFileError("its header was changed or cut")


def _stanza(file_key: bytes, recipient: X25519PublicKey) -> bytes:
    """The lines that hold a file's key, encrypted for a recipient."""
    ephemeral = X25519PrivateKey.generate()
    share = public_bytes(ephemeral.public_key())
    wrap_key = _wrap_key(ephemeral.exchange(recipient), share, public_bytes(recipient))
    wrapped = ChaCha20Poly1305(wrap_key).encrypt(_NOT_COUNTED, file_key, None)
    return b"-> X25519 " + _base64(share) + b"\n" + _base64(wrapped) + b"\n"


def _unwrapped(share: bytes, wrapped: bytes, identity: Identity) -> bytes | None:
    """The file's key, None where it was encrypted for another identity."""
    try:
        shared = identity.secret.exchange(X25519PublicKey.from_public_bytes(share))
        wrap_key = _wrap_key(shared, share, public_bytes(identity.public))
        if len(wrapped) != WRAPPED_BYTES:
            return None
        return ChaCha20Poly1305(wrap_key).decrypt(_NOT_COUNTED, wrapped, None)
    except (InvalidTag, ValueError):
        return None


def _wrap_key(shared: bytes, share: bytes, recipient: bytes) -> bytes:
    return _derived(shared, share + recipient, b"age-encryption.org/v1/X25519")


def _derived(secret: bytes, salt: bytes | None, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=salt, info=purpose).derive(secret)


def _mac(file_key: bytes, header: bytes) -> bytes:
    mac = hmac.HMAC(_derived(file_key, None, b"header"), hashes.SHA256())
    mac.update(header)
    return mac.finalize()


def _pieces(source: IO[bytes], size: int) -> Iterator[tuple[int, bool, bytes]]:
    """The pieces of a stream, each with its number and whether it is the last; an empty stream is one empty piece."""
    count, piece = 0, source.read(size)
    while following := source.read(size):
        yield count, False, piece
        count, piece = count + 1, following
    yield count, True, piece


def _counter(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _base64(content: bytes) -> bytes:
    return base64.b64encode(content).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    """Read base64 as it is written here; what could also be written otherwise is refused."""
    try:
        content = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        content = b""
    if _base64(content) != text:
        raise UnreadableFileError("its header was changed")
    return content
