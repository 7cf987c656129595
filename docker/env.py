"""Writes .env from .env.example with a new secret wherever the example leaves a value empty.

Usage: python3 docker/env.py [--samples]. An .env that stands already is left alone: its secrets open the databases.
Runs on the standard library alone.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES_MARK = "#samples# "


def filled(example: str, *, samples: bool = False) -> str:
    """The text of an .env: empty values replaced by secrets, the lines of the samples switched on if wanted."""
    if samples:
        example = example.replace(SAMPLES_MARK, "")
    return re.sub(r"^([A-Z_]+)=$", lambda found: f"{found[1]}={secret(found[1])}", example, flags=re.MULTILINE)


def secret(name: str) -> str:
    """A secret of 256 bits made of characters that need no quoting in a URL (Fernet asks for a form of its own)."""
    if name == "FERNET_KEY":
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
    return secrets.token_urlsafe(32)


def write(place: Path, text: str) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def main() -> None:
    """Write .env, or leave with one line that says why not."""
    parser = argparse.ArgumentParser(description="Write .env with secrets of its own.")
    parser.add_argument("--samples", action="store_true", help="run the sample systems and connect to them")
    arguments = parser.parse_args()
    place = ROOT / ".env"
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    try:
        write(place, filled(example, samples=arguments.samples))
    except FileExistsError:
        sys.exit(f"{place.name} stands already: its secrets open the databases, so it is left as it is")
    print(f"wrote {place.name}: the user is ADMIN_USER, the password ADMIN_PASSWORD in it")


if __name__ == "__main__":
    main()
