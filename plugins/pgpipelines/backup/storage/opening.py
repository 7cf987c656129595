"""A set's files, as files of this machine, as they were before they were encrypted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pgpipelines.backup.manifest import SEALED, Manifest, describe_file
from pgpipelines.backup.sets import DumpSet
from pgpipelines.backup.storage.keys import Identity
from pgpipelines.backup.storage.sealing import unseal
from pgpipelines.backup.storage.temporary import private_folder
from pgpipelines.errors import ConfigurationError, VerificationError


@contextmanager
def opened(found: DumpSet) -> Iterator[Path]:
    """Give a folder of this machine with a set's files, as they were dumped, for as long as the block runs.

    Every byte is read and held against the manifest before. Raises VerificationError where a file is not what was
    written, ConfigurationError where the key that it was encrypted by is not at hand.
    """
    manifest = found.require_manifest()
    identities = _identities(found, manifest) if manifest.key else ()
    with found.store.files(found) as kept:
        _require_files(kept, manifest)
        if not manifest.key:
            yield kept
            return
        with private_folder() as plain:
            for file in manifest.files:
                unseal(kept / file.name, plain / file.name.removesuffix(SEALED), identities)
            yield plain


def _identities(found: DumpSet, manifest: Manifest) -> tuple[Identity, ...]:
    """The key that a set was encrypted by. Raises ConfigurationError where it is not among the pipeline's."""
    keys = found.store.keys
    identities = keys.identities() if keys else ()
    fitting = tuple(each for each in identities if each.recipient == manifest.key)
    if not fitting:
        there = f"{keys} has {', '.join(each.recipient for each in identities)}" if keys else "no key is configured"
        raise ConfigurationError(
            f"set {found.name} is encrypted by the key {manifest.key}, and {there}",
            "add that key's secret on a line of its own below the newest; `encryption` of the pipeline says where",
        )
    return fitting


def _require_files(folder: Path, manifest: Manifest) -> None:
    """Raise VerificationError where a file is not what was written."""
    changed = [file.name for file in manifest.files if describe_file(folder, file.name) != file]
    if changed:
        raise VerificationError(
            f"{', '.join(changed)} in {folder} is not what was written (SHA-256)",
            "look at this disk; an older set may be whole: `python -m pgpipelines.backup list`",
        )
