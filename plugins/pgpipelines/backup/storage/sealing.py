"""Files that are encrypted while a program writes them, and decrypted while one reads: nothing plain touches a disk.

Their format is that of age (age-encryption.org/v1): pieces of 64 KiB, none of which can be changed, moved, repeated or
cut off unnoticed.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from pyrage import DecryptError, EncryptError, decrypt_io, encrypt_io

from pgpipelines.backup.manifest import SEALED, sync
from pgpipelines.backup.storage.keys import Identity
from pgpipelines.errors import VerificationError


@contextmanager
def output_to(path: Path, identity: Identity | None) -> Iterator[tuple[list[str], int | None]]:
    """Where a program writes a file: options that say so, or, to encrypt it, its standard output."""
    if identity is None:
        yield [f"--file={path}"], None
    else:
        with sealed(path.with_name(path.name + SEALED), identity) as descriptor:
            yield [], descriptor


@contextmanager
def input_from(path: Path, identity: Identity | None) -> Iterator[tuple[list[str], int | None]]:
    """Where a program reads a file: arguments that say so, or, where it is encrypted, its standard input."""
    if identity is None:
        yield [str(path)], None
    else:
        with unsealed(path.with_name(path.name + SEALED), [identity]) as descriptor:
            yield [], descriptor


@contextmanager
def sealed(path: Path, identity: Identity) -> Iterator[int]:
    """Give a descriptor to write to; when the block has ended, the file at `path` has it all, encrypted."""
    source, target = os.pipe()
    with _beside(target, partial(_seal, source, path, identity)):
        yield target


@contextmanager
def unsealed(path: Path, identities: Sequence[Identity]) -> Iterator[int]:
    """Give a descriptor to read a file's content from. Raises VerificationError where the file was changed.

    The file is read to its end, whether the block does or not.
    """
    source, target = os.pipe()
    with _beside(source, partial(_unseal, path, target, identities)):
        yield source


def unseal(path: Path, plain: Path, identities: Sequence[Identity]) -> None:
    """Write a file's content to `plain`. Raises VerificationError where the file was changed."""
    _unseal(path, os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), identities)


@contextmanager
def _beside(end: int, work: Callable[[], None]) -> Iterator[None]:
    """Let a thread work at the other end of a pipe while the block runs, and to its own end when this end is closed."""
    with ThreadPoolExecutor(1, "sealing") as pool:
        working = pool.submit(work)
        try:
            yield
        finally:
            os.close(end)
            # Where it has failed, what went wrong in the block comes of that.
            working.result()


class _Pipe(io.BufferedIOBase):
    """The end of a pipe that is written to; what its reader does not want any more is dropped."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def write(self, content: Any, /) -> int:
        """Write it all, or nothing where the reader has had enough."""
        rest = memoryview(content)
        with suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        return len(content)


def _seal(plain: int, path: Path, identity: Identity) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(plain, "rb") as source, os.fdopen(descriptor, "wb") as target:
        try:
            encrypt_io(source, target, [identity.public])
        except EncryptError as error:
            raise OSError(errno.EIO, str(error)) from None
    sync(path)


def _unseal(path: Path, plain: int, identities: Sequence[Identity]) -> None:
    with path.open("rb") as source, os.fdopen(plain, "wb", buffering=0) as target:
        try:
            decrypt_io(source, _Pipe(target.fileno()), [each.secret for each in identities])
        except (DecryptError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of this machine: what pyrage finds wrong with the file has no number
            raise VerificationError(
                f"{path.name} can't be decrypted: {error}", "look at this disk; an older set may be whole"
            ) from None
