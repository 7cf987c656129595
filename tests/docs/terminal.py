"""Follows a page about restores as its reader would, in a terminal, and compares what it shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgpipelines.backup.restore.tasks import restore
from pgpipelines.errors import PipelineError
from tests.dags.bag import form_of
from tests.docs.pages import ROOT, Difference, blocks, plain
from tests.fixtures.tasks import as_task

TRIGGER = ["airflow", "dags", "trigger", "postgres_restore", "--conf"]
# What another run shows otherwise.
PASSING = (
    (re.compile(r"\d{8}T\d{6}\.\d{3}Z"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\+00(:00)?| UTC)?"), "TIME"),
    (re.compile(r"(before|restored)_\d{8}_\d{6}_\d{3}"), r"\1_TIME"),
    (re.compile(r"\d+\.\d+"), "FIGURE"),
    (re.compile(r"process \d+"), "process NUMBER"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass
class Terminal:
    """A shell in the package's folder; `places` are what the page's examples stand for on this machine."""

    places: Mapping[str, str]
    folder: Path

    def follow(self, text: str) -> Iterator[Difference]:
        """Do what each block of bash says, and tell where the page shows something else than there is."""
        found = [block for block in blocks(text) if block.kind in {"bash", "text"}]
        for block, after in zip(found, [*found[1:], None], strict=True):
            if block.kind == "bash":
                real = plain(self.do(block.text))
                shown = plain(after.text) if after is not None and after.kind == "text" else ""
                if masked(shown) != masked(real):
                    yield Difference(f"line {block.line}", shown, real)

    def do(self, text: str) -> str:
        """What comes of a block, in the page's words."""
        if shlex.split(text, comments=True)[:5] == TRIGGER:
            said = self.trigger(json.loads(shlex.split(text)[5]))
        else:
            said = self.shell(text)
        for example, here in self.places.items():
            said = said.replace(here, example)
        return said

    def shell(self, text: str) -> str:
        """What a shell prints; what one exports, the next ones have."""
        for example, here in self.places.items():
            text = text.replace(example, here)
        exported = self.folder / "exported"
        exported.touch(mode=0o600)
        script = f"source {exported}\n{text}\nexport -p > {exported}"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            env={"PATH": path, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def trigger(self, conf: Mapping[str, Any]) -> str:
        """What the task of a triggered run returns, or how it fails."""
        params = {name: field.value for name, field in form_of("postgres_restore").items()} | dict(conf)
        try:
            result = as_task(lambda: restore(params)).result
        except PipelineError as error:
            return f"{type(error).__name__}: {error}"
        return json.dumps(result, indent=1, ensure_ascii=False)


def masked(text: str) -> str:
    """Text without what every run shows otherwise."""
    for pattern, word in PASSING:
        text = pattern.sub(word, text)
    return plain(text)
