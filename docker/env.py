"""Writes .env from .env.example with a new secret wherever the example leaves a value empty.

Usage: python3 docker/env.py [--samples]. An .env that stands already is left alone: its secrets open the
databases. Runs on the standard library alone.
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
SAMPLES = "COMPOSE_PROFILES=samples"


def filled(example: str, *, samples: bool = False) -> str:
    """The text of an .env: empty values replaced by secrets, the samples switched on where wanted."""
    if samples:
        example = example.replace(f"#{SAMPLES}", SAMPLES)
    empty = re.compile(r"^([A-Z_]+)=$", re.MULTILINE)
    return empty.sub(lambda found: found[0] + secret(found[1]), example)


def secret(name: str) -> str:
    """64 characters (HMAC-SHA512 asks for so many) that need no quoting in a URL; Fernet has its own form."""
    if name == "FERNET_KEY":
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
    return secrets.token_urlsafe(48)


def write(place: Path, text: str) -> None:
    """Write a new file that only its owner can read. Raises FileExistsError."""
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def main() -> None:
    """Write .env, or leave with one line that says why not."""
    parser = argparse.ArgumentParser(description="Write .env with secrets of its own.")
    parser.add_argument("--samples", action="store_true", help="start the sample systems too")
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
