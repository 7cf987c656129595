"""The story of a demo: everything comes up side by side, DAGs run, a table tells how it went."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from datetime import datetime, timezone
from pathlib import Path

from demo import airflow, signals
from demo.airflow import Airflow, PortTakenError
from demo.api import Api
from demo.databases import NAMES, Databases, connections, prepare_metadata, superuser
from demo.keys import read_or_make
from demo.place import AIRFLOW_HOME, LOGS, PICTURE, PROCESSES, ROOT, open_folder, require_space, servers_folder
from demo.processes import Processes, stop_leftovers
from demo.report import copies_of, report, succeeded
from demo.runs import FIRST, STATISTICS, SUCCEEDED, THEN, Run, Task, Watcher
from demo.screen import Screen
from demo.settings import Settings, read_size, write_size
from demo.statistics import picture, summary
from demo.systems import TARGETS, application_logins, create_source_systems, create_targets, start_of_today

LOOK_SECONDS = 1.0
# Two programs may look at one free port in the same moment.
PORT_ATTEMPTS = 3


def launch(environment: Mapping[str, str]) -> int:
    """Run one demo and return its exit status: 0 where every run succeeded and was verified."""
    folder = open_folder(servers_folder(), 0o711 if os.geteuid() == 0 else 0o700)
    made = read_size(folder / "size.json")
    settings = Settings.read(environment, made)
    require_space(folder, settings.size.bytes if made is None else 0)
    for private in (LOGS, AIRFLOW_HOME):
        open_folder(private)
    with ExitStack() as stack:
        # Left in reverse order: processes first, then the servers that they use, then the threads, which
        # have lost what they waited for.
        pool = stack.enter_context(ThreadPoolExecutor(len(NAMES)))
        databases = stack.enter_context(closing(Databases(folder)))
        processes = stack.enter_context(closing(Processes(PROCESSES, LOGS)))
        stack.callback(signals.ignore)
        return Demo(folder, settings, databases, processes).run(pool)


class Demo:
    """One demo, from nothing to its report."""

    def __init__(self, folder: Path, settings: Settings, databases: Databases, processes: Processes) -> None:
        """`folder` is the servers'."""
        self._folder = folder
        self._settings = settings
        self._databases = databases
        self._processes = processes
        self._screen = Screen()
        self._launched = datetime.now(timezone.utc)

    def run(self, pool: ThreadPoolExecutor) -> int:
        """Bring everything up, trigger, report; stay unless ONCE. Returns the exit status."""
        self._start_servers(pool)
        samples = pool.submit(self._make_samples)
        api, ui = self._start_airflow()
        while not samples.done():
            self._check()
            time.sleep(LOOK_SECONDS)
        samples.result()
        all_succeeded = self._show_runs(api)
        login = f"user: {airflow.UI_USER}   password: {ui.secrets.ui_password}"
        self._screen.show(f"\nAirflow: {ui.address}   {login}")
        if not self._settings.once:
            with suppress(signals.Stopped):
                self._stay()
            self._screen.show("stopping")
        return 0 if all_succeeded else 1

    def _start_servers(self, pool: ThreadPoolExecutor) -> None:
        self._screen.say(f"starting the demo with {self._settings.size}")
        for name in stop_leftovers(PROCESSES):
            self._screen.say(f"stopped {name}, which an earlier demo had left behind")
        started = list(pool.map(self._databases.start, NAMES))
        places = ", ".join(f"{server.home.name} 127.0.0.1:{server.port}" for server in started)
        self._screen.say(f"PostgreSQL {started[0].major} is up: {places}")

    def _make_samples(self) -> None:
        size = self._settings.size
        create_targets(self._databases["target"])
        create_source_systems(self._databases["source"], size.scale, size.seed, start_of_today())
        write_size(self._folder / "size.json", size)
        self._screen.say("the sample systems are there")

    def _start_airflow(self) -> tuple[Api, Airflow]:
        secrets = read_or_make(self._folder / "secrets.json")
        stamp = self._databases["metadata"].home / "migrated"
        prepare_metadata(self._databases["metadata"], anew=not stamp.exists())
        for attempt in range(PORT_ATTEMPTS):
            ui = Airflow(airflow.choose_port(), secrets)
            environment = ui.environment(self._databases["metadata"], connections(self._databases))
            if not airflow.migrated(stamp):
                airflow.migrate(self._processes, environment, stamp)
                self._screen.say("Airflow's tables are there")
            airflow.start(self._processes, ui, environment)
            try:
                api = airflow.wait_until_up(self._processes, ui)
            except PortTakenError:
                if attempt == PORT_ATTEMPTS - 1:
                    raise
                self._processes.stop()
            else:
                self._screen.say(f"Airflow is up: {ui.address}")
                return api, ui
        raise AssertionError("unreachable")

    def _show_runs(self, api: Api) -> bool:
        watcher = Watcher(api, self._launched, self._check)
        if left := watcher.fail_leftovers():
            self._screen.say(f"{left} runs of an earlier demo were unfinished: marked as failed")
        airflow.make_pools(api)
        runs = [
            run
            for wanted in (FIRST, THEN)
            for run in watcher.watch(watcher.trigger(wanted), self._ended, self._waiting)
        ]
        targets = [superuser(self._databases["target"], database) for database in TARGETS.values()]
        copies = [copy for target in targets for copy in copies_of(runs, target)]
        self._screen.show(f"\n{report(runs, copies)}")
        if any(run.dag_id == STATISTICS and run.state == SUCCEEDED for run in runs):
            self._show_statistics()
        return succeeded(runs, copies)

    def _show_statistics(self) -> None:
        target = superuser(self._databases["target"], TARGETS["target_postgres_conn"])
        lines = summary(target)
        if drawn := picture(target):
            PICTURE.write_text(drawn, encoding="utf-8")
            lines.append(f"picture      {PICTURE}")
        self._screen.show("\n" + "\n".join(lines))

    def _ended(self, what: Run | Task) -> None:
        if isinstance(what, Task):
            self._screen.say(f"  {what.state:8} {what.dag_id}.{what.name}, {what.seconds:.1f} s")
        else:
            self._screen.say(f"{what.state:10} {what.dag_id}")

    def _waiting(self, going: Sequence[Run]) -> None:
        self._screen.live(f"running: {', '.join(run.dag_id for run in going)}")

    def _stay(self) -> None:
        self._processes.start("simulator", airflow.python("demo.simulator"), self._simulator_environment())
        self._screen.show("charging sessions keep coming in; Ctrl-C stops everything")
        while True:
            self._check()
            time.sleep(LOOK_SECONDS)

    def _simulator_environment(self) -> dict[str, str]:
        source = self._databases["source"]
        logins = application_logins(source)
        dsns = {name: source.dsn(name, login.user, login.password) for name, login in logins.items()}
        return {
            **airflow.inherited_environment(),
            "PYTHONPATH": str(ROOT / "plugins"),
            "PGPIPELINES_CHARGER_DSN": dsns["charger_db"],
            "PGPIPELINES_CHAT_DSN": dsns["chat"],
        }

    def _check(self) -> None:
        self._processes.require_alive()
        self._databases.require_alive()
