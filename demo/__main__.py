"""`make demo`: real PostgreSQL servers, a real Airflow, runs to watch, and a report.

Settings by environment: ONCE=1 leaves after the report, SCALE and SEED size and vary the sample data.
"""

from __future__ import annotations

import os
import sys
import traceback

from demo import signals
from demo.errors import DemoError
from demo.lock import HeldError, held
from demo.place import LOCK, STATE, open_folder
from demo.servers import ServerError
from demo.settings import forget_foreign
from pgpipelines.errors import PipelineError


def main() -> int:
    """Run the demo and return its exit status; what is expected to go wrong is one line."""
    signals.listen()
    forget_foreign()
    try:
        # Half a second of imports, in which a person may press Ctrl-C.
        from demo.launcher import launch  # noqa: PLC0415

        open_folder(STATE)
        with held(LOCK):
            return launch(os.environ)
    except HeldError as error:
        return fail(f"a demo runs in this clone already (process {error.pid}): stop that first, by Ctrl-C")
    except (DemoError, ServerError, PipelineError) as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename or 'the operating system'}: {error.strerror or error}")
    except signals.Stopped:
        return signals.STATUS
    except Exception as error:  # noqa: BLE001 (a fault of the demo itself: its traceback goes to a file)
        details = STATE / "fault.log"
        details.write_text(traceback.format_exc(), encoding="utf-8")
        return fail(f"unexpected {type(error).__name__}: {error} (details: {details})")


def fail(message: str) -> int:
    """Say in one line what is in the way."""
    print(f"pgpipelines: {' '.join(message.split())}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
