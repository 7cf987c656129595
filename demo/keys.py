"""The demo's passwords and keys: made once, kept in one file that only its owner reads."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, repr=False)
class Secrets:
    """The UI's password, and the keys that Airflow signs and encrypts with."""

    ui_password: str
    jwt_secret: str
    session_key: str
    fernet_key: str


def read_or_make(path: Path) -> Secrets:
    """Read the secrets at `path`; make them where there are none, or no whole ones."""
    try:
        return Secrets(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        made = _made()
        write_private(path, json.dumps(asdict(made)))
        return made


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, at no moment; the old one stays whole until the new one is."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600, exist_ok=False)
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _made() -> Secrets:
    return Secrets(
        ui_password=secrets.token_urlsafe(12),
        jwt_secret=secrets.token_urlsafe(64),
        session_key=secrets.token_urlsafe(32),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    )
