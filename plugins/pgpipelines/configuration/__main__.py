"""Checks the configuration file, and writes or checks the JSON Schema beside it.

python -m pgpipelines.configuration           check the file in use; status 1 when it has a mistake
python -m pgpipelines.configuration --write   write include/pipelines.schema.json
python -m pgpipelines.configuration --check   check both: the schema up to date, the file in use sound
"""

from __future__ import annotations

import argparse
import json
import sys

from pgpipelines.configuration.loading import PACKAGE_FOLDER, configuration_file, load
from pgpipelines.configuration.models import Configuration

SCHEMA_FILE = PACKAGE_FOLDER / "include" / "pipelines.schema.json"


def schema_text() -> str:
    """Return the JSON Schema (draft 2020-12) of pipelines.yaml."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Configuration.model_json_schema(),
        "title": "pipelines.yaml",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def schema_is_current() -> bool:
    """Tell whether include/pipelines.schema.json holds what `--write` would write."""
    return SCHEMA_FILE.exists() and SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def main(arguments: list[str]) -> int:
    """Do what the arguments say and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m pgpipelines.configuration")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--write", action="store_true", help="write include/pipelines.schema.json")
    choice.add_argument("--check", action="store_true", help="check that file too")
    chosen = parser.parse_args(arguments)
    if chosen.write:
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
        return 0
    lines = list(load().mistakes)
    if chosen.check and not schema_is_current():
        lines.append(f"{SCHEMA_FILE.relative_to(PACKAGE_FOLDER)}: not up to date; `make schema` writes it")
    sys.stdout.write("\n".join(lines or [f"{configuration_file()}: ok"]) + "\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
