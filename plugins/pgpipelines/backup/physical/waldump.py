"""What is in WAL, as pg_waldump reads it: that it can be read at all, and when transactions ended."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pgpipelines.backup.physical.wal import Stretch, lsn_text, parse_lsn
from pgpipelines.backup.processes import run
from pgpipelines.backup.programs import Programs
from pgpipelines.errors import ServerError

# Recovery to a time stops before the first of these that is later.
_ENDED = re.compile(
    rb"lsn: ([0-9A-F]+/[0-9A-F]+),.* desc: (?:COMMIT|ABORT)(?:_PREPARED \d+:)? "
    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}) UTC"
)


@dataclass(frozen=True)
class End:
    """Where in the log a transaction's commit or rollback is, and when that was."""

    position: int
    at: datetime


def read_log(programs: Programs, folder: Path, log: Stretch) -> None:
    """Read a part of the log, with the checksum of each record. Raises ServerError where it can't be read."""
    run([programs.path("pg_waldump"), "--quiet", *_part(folder, log)])


def transaction_ends(programs: Programs, folder: Path, log: Stretch) -> list[End]:
    """The ends of transactions in a part of the log. Raises ServerError where it can't be read."""
    return _ends(programs, _part(folder, log))


def last_end(programs: Programs, folder: Path, files: Sequence[str]) -> datetime | None:
    """The latest time of a transaction's end in the last of these files that has any."""
    for name in reversed(files):
        # The last record of a file goes on in the next one, or there is none yet.
        if ends := _ends(programs, [str(folder / name)], cut=True):
            return max(end.at for end in ends)
    return None


def _part(folder: Path, log: Stretch) -> list[str]:
    between = [f"--start={lsn_text(log.begins)}", f"--end={lsn_text(log.ends)}"]
    return [f"--path={folder}", f"--timeline={log.timeline}", *between]


def _ends(programs: Programs, part: Sequence[str], *, cut: bool = False) -> list[End]:
    with tempfile.TemporaryFile() as said:
        with suppress(ServerError) if cut else nullcontext():
            run([programs.path("pg_waldump"), "--rmgr=Transaction", *part], stdout=said)
        said.seek(0)
        return [
            End(parse_lsn(found[1].decode()), _time(found[2].decode()))
            for found in filter(None, map(_ENDED.search, said))
        ]


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)
