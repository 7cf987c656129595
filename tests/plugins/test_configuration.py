from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pgpipelines.configuration import Configuration, configuration_file, copy_of, load
from pgpipelines.configuration.__main__ import SCHEMA_FILE, main, schema_text
from pgpipelines.configuration.values import CRON_PRESETS, parse_duration
from pgpipelines.copy.request import Cursor, Selection, TableCopy
from pgpipelines.errors import ConfigurationError
from pgpipelines.templates import QualifiedName, Sql

ROOT = Path(__file__).resolve().parents[2]
CRON = f'five cron fields such as "0 2 * * *", one of {", ".join(CRON_PRESETS)}, or null'
CONNECTION = "the id of an Airflow connection: letters, digits and _ # ! ( ) - . : / \\"
DAG_ID = "a DAG id: 1 to 250 ASCII letters, digits, dots, dashes and underscores"
ENTRY = "one table: name, or name: {target: …, cursor: …, batch_size: …}"
SECTIONS = "copies, rollups, partitions, dumps, base_backups"
EMPTY = "the file is empty; allowed: a mapping with the keys copies, rollups, partitions, dumps or base_backups"
KEYS = (
    "source, target, strategy, target_schema, streams, create_missing, on_drift, verify, if_locked, "
    "max_snapshot_age, schedule, timezone, parallel, pool, tables, except"
)
OPTIONS = "target, key, cursor, lookback, where, select, batch_size"
ROLLUP_KEYS = (
    "schema, source_timezone, business_timezone, sample_period, max_status_gap, power_tolerance, future_tolerance, "
    "quarantine_energy_share, quarantine_row_share, quarantine_at_least, uptime_target, maintenance_faults, workers, "
    "schedule, timezone, connection, after_copies"
)
TABLES = 'a list of at least one table, or "*" for every table of the source'
DURATION = "a whole number and s, m, h, d or w, such as 90m, 1h or 2d"
ZONE = "the name of a time zone, such as Asia/Seoul, Europe/Berlin or UTC"
HIDDEN = "found what may hold a password (not shown here; connections are set in Airflow)"

# Mistakes in one pipeline: the line that is wrong, and what is said of it.
# Nine lists of nine times the one before.
BILLION = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))

MERGED_BILLION = BILLION.replace("[x]", "{x: y}").replace("[", "{<<: [").replace("]", "]}")

PIPELINE_MISTAKES = [
    ('schedule: "0 2 * *"', f'.schedule: found "0 2 * *"; allowed: {CRON}'),
    ('schedule: "0 2 * * * *"', f'.schedule: found "0 2 * * * *"; allowed: {CRON}'),
    ("schedule: 5", f".schedule: found 5; allowed: {CRON}"),
    ('schedule: "@once"', f'.schedule: found "@once"; allowed: {CRON}'),
    ('schedule: "R 2 * * *"', f'.schedule: found "R 2 * * *"; allowed: {CRON}'),
    ('schedule: "0 0 30 2 *"', f'.schedule: found "0 0 30 2 *"; allowed: {CRON} (failed to find next date)'),
    (
        'schedule: "0 24 * * *"',
        f'.schedule: found "0 24 * * *"; allowed: {CRON} ([0 24 * * *] is not acceptable, out of range)',
    ),
    (
        "timezone: Asia/Soul",
        f'.timezone: found "Asia/Soul"; allowed: {ZONE} (near: Asia/Seoul, Asia/Kabul, Asia/Saigon)',
    ),
    ("timezone: KST?", f'.timezone: found "KST?"; allowed: {ZONE}'),
    ("timezone: ../Seoul", None),
    ("timezone: Asia", None),
    ("timezone:", f".timezone: found nothing; allowed: {ZONE}"),
    ("source: my conn", f'.source: found "my conn"; allowed: {CONNECTION}'),
    ("source: 5", f".source: found 5; allowed: {CONNECTION}"),
    ("source: postgresql://u:canary@h/db", f".source: {HIDDEN}; allowed: {CONNECTION}"),
    ("target: host=h password=canary", f".target: {HIDDEN}; allowed: {CONNECTION}"),
    ("strategy: append", '.strategy: found "append"; allowed: full_refresh or incremental'),
    (
        "strategy: incremental",
        ".tables[0]: found mine without a cursor; allowed with incremental: a cursor (a column, or xmin)",
    ),
    ("streams: 17", ".streams: found 17; allowed: a whole number from 1 to 16"),
    ("create_missing: 1", ".create_missing: found 1; allowed: true or false"),
    ("on_drift: add", '.on_drift: found "add"; allowed: refuse or widen'),
    ("verify: none", '.verify: found "none"; allowed: checksum or count'),
    ("if_locked: fail", '.if_locked: found "fail"; allowed: wait or skip'),
    ("max_snapshot_age: 0h", f'.max_snapshot_age: found "0h"; allowed: {DURATION}'),
    ("max_snapshot_age: 4", f".max_snapshot_age: found 4; allowed: {DURATION}"),
    (
        "pool: a pool",
        '.pool: found "a pool"; allowed: the name of an Airflow pool: '
        "1 to 250 ASCII letters, digits, dots, dashes and underscores",
    ),
    ("schedul: null", f".schedul: unknown key (near: schedule); allowed: {KEYS}"),
    ("password: canary", f".password: unknown key; allowed: {KEYS}"),
    ("parallel: 0", ".parallel: found 0; allowed: a whole number from 1 to 32"),
    (
        "target_schema: a.b",
        '.target_schema: found "a.b"; allowed: one name, with "double quotes" around what SQL wants quoted',
    ),
    (
        "target_schema: [x]",
        ".target_schema: found ['x']; allowed: text: one name, with \"double quotes\" around what SQL wants quoted",
    ),
    ("tables: []", f".tables: found []; allowed: {TABLES}"),
    ("tables: users", f'.tables: found "users"; allowed: {TABLES}'),
    ("tables: {users: }", f".tables: found {{'users': None}}; allowed: {TABLES}"),
    (
        "tables: [a, no]",
        ".tables[1]: found false (YAML reads bare yes, no, on, off as true or false: quote the word); "
        f"allowed: {ENTRY}",
    ),
    ("tables: [7]", f".tables[0]: found 7; allowed: {ENTRY}"),
    ("tables: [[a]]", f".tables[0]: found ['a']; allowed: {ENTRY}"),
    ("tables: [{name: a, target: b}]", f".tables[0]: found {{'name': 'a', 'target': 'b'}}; allowed: {ENTRY}"),
    ("tables: [{a: {name: b}}]", f".tables[0]: found {{'a': {{'name': 'b'}}}}; allowed: {ENTRY}"),
    (
        "tables: [Users]",
        '.tables[0]: found "Users"; allowed: users, or "Users" in double quotes if the capitals are meant',
    ),
    (
        "tables: [a.b.c]",
        '.tables[0]: found "a.b.c"; allowed: name or schema.name; the connection says which database',
    ),
    (
        "tables: [{a: {batch_siz: 5}}]",
        f".tables[0].batch_siz: unknown key (near: batch_size); allowed: {OPTIONS}",
    ),
    (
        "tables: [a, b, {c: {batch_size: ten}}]",
        '.tables[2].batch_size: found "ten"; allowed: a whole number of rows from 1 to 10000000',
    ),
    (
        "tables: [{a: {batch_size: 0}}]",
        ".tables[0].batch_size: found 0; allowed: a whole number of rows from 1 to 10000000",
    ),
    (
        "tables: [{a: {batch_size: 1000.0}}]",
        ".tables[0].batch_size: found 1000.0; allowed: a whole number of rows from 1 to 10000000",
    ),
    ("tables: [{a: {target: b-c}}]", '.tables[0].target: found "b-c"; allowed: "b-c" in double quotes'),
    (
        "tables: [users, public.users]",
        ".tables[1]: found public.users; allowed: a target of its own (copies.wrong.tables[0] writes it)",
    ),
    (
        "tables: [{a: {target: taken}}]",
        ".tables[0]: found public.taken; allowed: a target of its own (copies.sound.tables[0] writes it)",
    ),
    ("tables: [{group: []}]", ".tables[0].group: found []; allowed: a list of at least one table"),
    (
        "tables: [a, {group: [b, {c: {batch_size: 0}}]}]",
        ".tables[1].group[1].batch_size: found 0; allowed: a whole number of rows from 1 to 10000000",
    ),
    (
        "tables: [{group: [{group: [a]}]}]",
        f".tables[0].group[0]: found {{'group': ['a']}}; allowed: {ENTRY}",
    ),
    ("tables: [{a: {key: []}}]", ".tables[0].key: found []; allowed: a list of different columns"),
    ("tables: [{a: {key: [b, b]}}]", ".tables[0].key: found ['b', 'b']; allowed: a list of different columns"),
    ("tables: [{a: {key: b}}]", '.tables[0].key: found "b"; allowed: a list of different columns'),
    (
        "tables: [{a: {cursor: Updated}}]",
        '.tables[0].cursor: found "Updated"; allowed: updated, or "Updated" in double quotes if the capitals are meant',
    ),
    (
        "tables: [{a: {cursor: b, lookback: 1 hour}}]",
        f'.tables[0].lookback: found "1 hour"; allowed: {DURATION}; for a cursor of whole numbers, a whole number',
    ),
    ("tables: [{a: {lookback: 1h}}]", ".tables[0]: found lookback without cursor; allowed: both"),
    (
        "tables: [{a: {cursor: xmin, lookback: 1h}}]",
        ".tables[0]: found lookback with xmin; allowed: xmin alone, which misses no change",
    ),
    (
        "tables: [{a: {where: x > 1, select: SELECT 1}}]",
        ".tables[0]: found where and select; allowed: one of them (a select may have a WHERE of its own)",
    ),
    (
        "{tables: [a], except: [b]}",
        '.except: found tables to leave out; allowed: except beside tables: "*" only',
    ),
    ('{tables: "*", except: b}', '.except: found "b"; allowed: a list of tables'),
    (
        '{tables: "*", strategy: incremental}',
        '.tables: found "*"; allowed with incremental: a list of tables, each with its cursor',
    ),
    (
        '{tables: "*", target_schema: pgpipelines}',
        '.tables: found "*"; allowed: a target_schema other than pgpipelines, which is not for copies',
    ),
    ('{tables: "*", source: there}', '.tables: found "*"; allowed: a target other than the source'),
    (
        "source: there",
        ".tables[0]: found public.mine; allowed: a target other than the source (another connection, schema or name)",
    ),
    (
        "target_schema: pgpipelines",
        ".tables[0]: found pgpipelines.mine; allowed: a target outside pgpipelines, which is not for copies",
    ),
]

SOUND = {"schedule": None, "source": "here", "target": "there", "tables": ["taken"]}


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "pipelines.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    path = written(folder, text)
    return [line.removeprefix(f"{path}: ") for line in load(path).mistakes]


@pytest.mark.parametrize(("line", "message"), PIPELINE_MISTAKES, ids=[line for line, _ in PIPELINE_MISTAKES])
def test_a_mistake_is_one_line_and_leaves_the_sound_pipeline(tmp_path: Path, line: str, message: str | None) -> None:
    settings = ["schedule: null", "source: here", "target: there", "tables: [mine]"]
    several = line.startswith("{")
    start = "[{ ]" if several else "^"
    lines = [setting for setting in settings if not re.search(start + setting.partition(" ")[0], line)]
    text = "copies:\n  sound: {schedule: null, source: here, target: there, tables: [taken]}\n  wrong:\n"
    wrong = f"    <<: {line}\n" if several else f"    {line}\n"
    path = written(tmp_path, text + wrong + "".join(f"    {line}\n" for line in lines))

    loaded = load(path)

    assert list(loaded.copies) == ["sound"]
    (found,) = loaded.mistakes
    assert found.startswith(f"{path}: copies.wrong.")
    assert "canary" not in found
    assert "\n" not in found
    if message is not None:
        assert found == f"{path}: copies.wrong{message}"


@pytest.mark.parametrize(
    ("dag_id", "message"),
    [
        ("my dag", f'copies."my dag": found "my dag"; allowed: {DAG_ID}'),
        ("a..b", 'copies."a..b": found "a..b"; allowed: a DAG id without two dots in a row'),
        ("복사", f'copies."복사": found "복사"; allowed: {DAG_ID}'),
        (7, f"copies[7]: found 7; allowed: {DAG_ID}"),
        (
            "simple_postgres_copy",
            'copies.simple_postgres_copy: found "simple_postgres_copy"; '
            "allowed: a DAG id of its own (simple_postgres_copy is a DAG that comes with the package)",
        ),
    ],
)
def test_what_airflow_would_refuse_as_a_dag_id_is_refused(tmp_path: Path, dag_id: str | int, message: str) -> None:
    assert mistakes(tmp_path, yaml.safe_dump({"copies": {dag_id: SOUND}})) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", EMPTY),
        ("# nothing\n", EMPTY),
        ("copies", 'found "copies"; allowed: a mapping of copies'),
        ("- copies", f"found ['copies']; allowed: a mapping of {SECTIONS}"),
        ("copies:", "copies: found nothing; allowed: a mapping of DAG ids to pipelines"),
        ("copies: [a]", "copies: found ['a']; allowed: a mapping of DAG ids to pipelines"),
        ("copies: {a: }", f"copies.a: found nothing; allowed: a mapping of {KEYS}"),
        ("copy: {}", f"copy: unknown key (near: copies); allowed: {SECTIONS}"),
        ("7: x", "[7]: found the key 7; allowed: text as keys"),
        ("a: {b\n", "line 2, column 1: expected ',' or '}', but got '<stream end>'"),
        (
            "a:\n\tb: 1\n",
            "line 2, column 1: found character '\\t' that cannot start any token; indent with spaces, not tabs",
        ),
        ("a: * * * * *", 'line 1, column 5: a value that begins with * needs quotes, such as "* * * * *"'),
        ("copies: {}\ncopies: {}\n", "line 2, column 1: the key 'copies' is written twice"),
        ("copies: {a: 1, b: 2, a: 3}", "line 1, column 22: the key 'a' is written twice"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: but found another document"),
        (
            "a: !!set {x}",
            "line 1, column 4: could not determine a constructor for the tag 'tag:yaml.org,2002:set'",
        ),
        ("a: !!python/object:os.system x", "line 1, column 4: could not determine a constructor for the tag"),
        ("? [a]\n: b", "line 1, column 3: found unhashable key"),
        ("a: " + "[" * 1000, "nested too deeply to be meant"),
        (BILLION, "its aliases (*) stand for more than 1000000 values"),
        (
            BILLION.replace("[x]", "{x: y}").replace("[", "{<<: [").replace("]", "]}"),
            "its aliases (*) stand for more than 1000000 values",
        ),
        ("a: !!int x", "a value that can't be read: invalid literal for int() with base 10: 'x'"),
        ("a: \x07", "not YAML: unacceptable character #x0007: special characters are not allowed"),
        ("a: 한글".encode("cp949"), "line 1: byte 0xc7 is not UTF-8; save the file as UTF-8"),
        ("a: b".encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
    ],
)
def test_what_is_no_configuration_is_one_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("months_ahead: 0", ".months_ahead: found 0; allowed: a whole number from 1 to 10000"),
        ("keep_months: 1.5", ".keep_months: found 1.5; allowed: a whole number from 1 to 10000"),
        ("detach: 1", ".detach: found 1; allowed: true or false"),
        ("drop: true", ".drop: unknown key; allowed: schedule, timezone, connection, schema, months_ahead"),
    ],
)
def test_a_mistake_in_partitions_is_one_line(tmp_path: Path, line: str, message: str) -> None:
    loaded = load(written(tmp_path, f"partitions: {{wrong: {{schedule: null, connection: a, {line}}}}}"))
    assert loaded.partitions == {}
    (found,) = loaded.mistakes
    assert f"partitions.wrong{message}" in found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("databases: []", ".databases: found []; allowed: a list of different Airflow connections"),
        ("databases: [a, a]", ".databases: found ['a', 'a']; allowed: a list of different Airflow connections"),
        ("databases: a", '.databases: found "a"; allowed: a list of different Airflow connections'),
        ("databases: [a], directory: ' '", '.directory: found " "; allowed: text: the path of a folder, or a URL'),
        ("databases: [a], drill: no", ".drill: found false (YAML reads bare yes, no, on, off as true or false: "),
        ("databases: [a], drill: may be", '.drill: found "may be"; allowed: embedded, none, or the id of an Airflow'),
        ("databases: [a], drill: a", ".drill: found a; allowed: a server that is not dumped"),
        ("databases: [a], keep: 7", ".keep: found 7; allowed: a mapping of daily, weekly, monthly"),
        ("databases: [a], keep: {daily: -1}", ".keep.daily: found -1; allowed: a whole number from 0 to 10000"),
        ("databases: [a], keep: {day: 1}", ".keep.day: unknown key (near: daily); allowed: daily, weekly, monthly"),
        ("databases: [a], overdue_after: soon", '.overdue_after: found "soon"; allowed: a whole number and s, m, h, d'),
        (
            "databases: [a], encryption: {}",
            ".encryption: found neither or both; allowed: key_connection or key_variable",
        ),
        (
            "databases: [a], encryption: {key_variable: A, key_connection: b}",
            ".encryption: found neither or both; allowed: key_connection or key_variable",
        ),
        (
            "databases: [a], encryption: {key_variable: AGE-SECRET-KEY-1}",
            ".encryption.key_variable: found what may hold a password (not shown here; ",
        ),
        (
            "databases: [a], encryption: {key: secret}",
            ".encryption.key: unknown key; allowed: key_connection, key_variable",
        ),
        ("databases: [a], format: tar", '.format: found "tar"; allowed: custom, directory or plain'),
        (
            "databases: [a], format: directory, encryption: {key_variable: A}",
            ".format: found directory; allowed beside encryption: custom or plain",
        ),
        ("databases: [a], keeps: {}", ".keeps: unknown key (near: keep); allowed: schedule, timezone, databases"),
    ],
)
def test_a_mistake_in_dumps_is_one_line(tmp_path: Path, line: str, message: str) -> None:
    loaded = load(written(tmp_path, f"dumps: {{wrong: {{schedule: null, {line}}}}}"))
    assert loaded.dumps == {}
    (found,) = loaded.mistakes
    assert f"dumps.wrong{message}" in found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("servers: []", ".servers: found []; allowed: a list of different Airflow connections"),
        ("servers: [a], wal_archive: ''", '.wal_archive: found ""; allowed: text: the path of a folder'),
        ("servers: [a], keep: 0", ".keep: found 0; allowed: a whole number from 1 to 10000"),
        ("servers: [a], incrementals: auto", '.incrementals: found "auto"; allowed: a whole number from 0 to 10000'),
        ("servers: [a], archive: x", ".archive: unknown key (near: wal_archive); allowed: schedule, timezone, servers"),
    ],
)
def test_a_mistake_in_base_backups_is_one_line(tmp_path: Path, line: str, message: str) -> None:
    archive = "" if "wal_archive" in line else ", wal_archive: /wal"
    loaded = load(written(tmp_path, f"base_backups: {{wrong: {{schedule: null, {line}{archive}}}}}"))
    assert loaded.base_backups == {}
    (found,) = loaded.mistakes
    assert f"base_backups.wrong{message}" in found


def test_two_pipelines_do_not_clear_the_archive_of_one_server(tmp_path: Path) -> None:
    text = """
    base_backups:
      first: {schedule: null, servers: [a, b], wal_archive: /wal}
      second: {schedule: null, servers: [b], wal_archive: /wal, directory: elsewhere}
    """
    loaded = load(written(tmp_path, text))
    assert list(loaded.base_backups) == ["first"]
    (found,) = loaded.mistakes
    assert found.endswith(
        "base_backups.second.servers: found b; allowed: a server of its own (base_backups.first.servers has this one)"
    )


def test_two_pipelines_do_not_dump_a_database_into_one_directory(tmp_path: Path) -> None:
    text = """
    dumps:
      first: {schedule: null, databases: [a, b]}
      second: {schedule: null, databases: [c, b]}
      third: {schedule: null, databases: [b], directory: elsewhere}
    """
    loaded = load(written(tmp_path, text))
    assert list(loaded.dumps) == ["first", "third"]
    (found,) = loaded.mistakes
    assert found.endswith(
        "dumps.second.databases: found b; allowed: a directory of its own "
        "(dumps.first.databases dumps it into the same)"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("source_timezone: Seoul", f'.source_timezone: found "Seoul"; allowed: {ZONE} (near: Asia/Seoul)'),
        ("sample_period: 15", f".sample_period: found 15; allowed: {DURATION}"),
        ("sample_period: 2h", '.sample_period: found "2h"; allowed: a duration from 1m to 1h, such as 15m'),
        ("power_tolerance: 0", ".power_tolerance: found 0; allowed: a number above 0, such as 1.5"),
        ("quarantine_row_share: 2", ".quarantine_row_share: found 2; allowed: a share from 0 to 1, such as 0.02"),
        ("quarantine_row_share: true", None),
        ("quarantine_at_least: 0", ".quarantine_at_least: found 0; allowed: a whole number from 1 to 10000"),
        ("uptime_target: 101", ".uptime_target: found 101; allowed: a percentage from 0 to 100"),
        ("workers: 0", ".workers: found 0; allowed: a whole number from 1 to 16"),
        ("sampling: 15m", f".sampling: unknown key; allowed: {ROLLUP_KEYS}"),
    ],
)
def test_a_mistake_in_a_rollup_is_one_line_and_leaves_the_others(
    tmp_path: Path, line: str, message: str | None
) -> None:
    text = "rollups:\n  wrong: {schedule: null, connection: a}\n  right: {schedule: null, connection: b}\n"
    loaded = load(written(tmp_path, text.replace("connection: a", f"connection: a, {line}")))
    assert list(loaded.rollups) == ["right"]
    (found,) = loaded.mistakes
    assert found.startswith(f"{tmp_path / 'pipelines.yaml'}: rollups.wrong")
    assert message is None or found.endswith(f"rollups.wrong{message}")


def test_a_rollup_has_an_id_and_a_database_of_its_own(tmp_path: Path) -> None:
    rollup = {"schedule": None, "connection": "here"}
    rollups = {
        "both": {**rollup, "connection": "there"},
        "first": rollup,
        "again": rollup,
        "schema": {**rollup, "schema": "x"},
    }
    loaded = load(written(tmp_path, yaml.safe_dump({"copies": {"both": SOUND}, "rollups": rollups}, sort_keys=False)))
    assert list(loaded.copies) == ["both"]
    assert list(loaded.rollups) == ["first"]
    assert [line.partition("rollups.")[2] for line in loaded.mistakes] == [
        "both: found both; allowed: a DAG id of its own (copies.both has it)",
        "again.connection: found here; allowed: a database of its own (rollups.first has this one)",
        "schema.connection: found here; allowed: a database of its own (rollups.first has this one)",
    ]


def test_several_mistakes_are_several_lines(tmp_path: Path) -> None:
    text = "copies: {wrong: {schedule: null, sourc: a, tables: [A, b, {c: {batch_size: 0}}]}}"
    assert [line.partition(": ")[0] for line in mistakes(tmp_path, text)] == [
        "copies.wrong.source",
        "copies.wrong.target",
        "copies.wrong.tables[0]",
        "copies.wrong.tables[2].batch_size",
        "copies.wrong.sourc",
    ]


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert load(path).mistakes == (f"{path}: there is no such file",)
    assert load(tmp_path).mistakes == (f"{tmp_path}: the file can't be read: Is a directory",)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert load(written(tmp_path, b"\xef\xbb\xbfcopies: {}\n")).mistakes == ()


@pytest.mark.parametrize("number", ["1:30", "010", "0x10", "0b1"])
def test_a_number_is_what_a_person_reads(tmp_path: Path, number: str) -> None:
    text = f"copies: {{a: {{schedule: null, source: b, target: c, tables: [t: {{batch_size: {number}}}]}}}}"
    (mistake,) = load(written(tmp_path, text)).mistakes
    assert f'found "{number}"' in mistake


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = """
copies:
  a: &a {schedule: null, source: here, target: there, tables: [x]}
  b: {<<: *a, target: elsewhere}
"""
    loaded = load(written(tmp_path, text))
    assert loaded.mistakes == ()
    assert loaded.copies["b"].target == "elsewhere"


def copies_of(text: str, tmp_path: Path) -> list[TableCopy]:
    """The copies of the pipeline `a`."""
    loaded = load(written(tmp_path, f"copies:\n  a: {{schedule: null, source: here, target: there, {text}}}\n"))
    assert loaded.mistakes == ()
    copy = loaded.copies["a"]
    return [table.copy_to(copy.target_schema) for group in copy.groups() for table in group]


def test_names_resolve_as_the_file_says(tmp_path: Path) -> None:
    tables = (
        """tables: [t, s.u, v: {target: w}, x: {target: s.w}, '"Weird.Name"', y: , group: [z], group: {target: g}]"""
    )
    assert [(str(copy.source.table), str(copy.target)) for copy in copies_of(tables, tmp_path)] == [
        ("public.t", "public.t"),
        ("s.u", "s.u"),
        ("public.v", "public.w"),
        ("public.x", "s.w"),
        ('public."Weird.Name"', 'public."Weird.Name"'),
        ("public.y", "public.y"),
        ("public.z", "public.z"),
        ("public.group", "public.g"),
    ]
    schema = """target_schema: '"Own"', tables: [t, s.u, v: {target: w}, x: {target: s.z}]"""
    assert [copy.target for copy in copies_of(schema, tmp_path)] == [
        QualifiedName("Own", "t"),
        QualifiedName("Own", "u"),
        QualifiedName("Own", "w"),
        QualifiedName("s", "z"),
    ]


def test_a_tables_settings_become_its_copy(tmp_path: Path) -> None:
    text = """tables: [
        a: {key: [id, '"Part"'], cursor: updated_at, lookback: 90m, batch_size: 5},
        b: {cursor: id, lookback: 1000, where: 'x > 1'},
        c: {cursor: xmin, select: SELECT 1 AS id},
    ]"""
    table = QualifiedName
    assert copies_of(text, tmp_path) == [
        TableCopy(
            Selection(table("public", "a")),
            table("public", "a"),
            ("id", "Part"),
            Cursor("updated_at", timedelta(minutes=90)),
            5,
        ),
        TableCopy(Selection(table("public", "b"), where=Sql("x > 1")), table("public", "b"), (), Cursor("id", 1000)),
        TableCopy(
            Selection(table("public", "c"), select=Sql("SELECT 1 AS id")), table("public", "c"), (), Cursor("xmin")
        ),
    ]


def test_groups_are_what_one_task_copies(tmp_path: Path) -> None:
    text = "copies: {a: {schedule: null, source: here, target: there, tables: [x, group: [y, z], w]}}"
    groups = load(written(tmp_path, text)).copies["a"].groups()
    assert [[table.name for table in group] for group in groups] == [["x"], ["y", "z"], ["w"]]


def test_every_table_is_named_by_a_star(tmp_path: Path) -> None:
    text = 'copies: {a: {schedule: null, source: here, target: there, tables: "*", except: [s.t]}}'
    copy = load(written(tmp_path, text)).copies["a"]
    assert copy.every_table
    assert (copy.groups(), copy.leave_out) == ((), ("s.t",))


def pipeline(name: str, tables: str, **settings: str) -> str:
    given = {"schedule": "null", "source": "here", "target": "there", **settings}
    return f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in given.items())}, tables: {tables}}}\n"


REFRESH = pipeline("refresh", "[t]")
HOURLY = pipeline("hourly", "[t: {cursor: xmin}]", strategy="incremental")


@pytest.mark.parametrize(
    ("first", "second", "mistakes_found"),
    [
        (REFRESH, HOURLY, 0),
        (HOURLY, REFRESH, 0),
        (REFRESH, pipeline("again", "[t]"), 1),
        (HOURLY, pipeline("again", "[t: {cursor: id}]", strategy="incremental"), 1),
        (REFRESH, pipeline("other", "[u: {cursor: xmin, target: t}]", strategy="incremental"), 1),
        (REFRESH, pipeline("other", "[t: {cursor: xmin}]", strategy="incremental", source="elsewhere"), 1),
        (REFRESH, pipeline("other", "[t: {cursor: xmin, where: x > 1}]", strategy="incremental"), 1),
        (REFRESH, pipeline("twice", "[t: {target: u}, group: [t: {target: u}]]"), 1),
        (pipeline("a", '"*"'), pipeline("b", '"*"', source="elsewhere"), 1),
        (pipeline("a", '"*"'), pipeline("b", '"*"', source="elsewhere", target_schema="b"), 0),
    ],
)
def test_a_table_is_written_by_one_pipeline_or_by_a_refresh_and_an_incremental_copy_of_the_same_rows(
    tmp_path: Path, first: str, second: str, mistakes_found: int
) -> None:
    assert len(load(written(tmp_path, f"copies:\n{first}{second}")).mistakes) == mistakes_found


def test_of_three_writers_the_third_is_refused(tmp_path: Path) -> None:
    found = mistakes(tmp_path, f"copies:\n{REFRESH}{HOURLY}{pipeline('third', '[t]')}")
    assert found == [
        "copies.third.tables[0]: found public.t; allowed: a target of its own (copies.refresh.tables[0] writes it)"
    ]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5400), ("1h", 3600), ("2d", 172_800), ("1w", 604_800), (" 1 h ", 3600)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "-1h", "1.5h", "1h30m", "1 hour", "100000d", "１h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a duration"):
        parse_duration(text)


def test_the_mistakes_are_raised_together(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "copies: {a: , b: }"))
    with pytest.raises(ConfigurationError) as raised:
        loaded.require_sound()
    assert raised.value.cause.splitlines() == list(loaded.mistakes)
    load(written(tmp_path, "copies: {}")).require_sound()


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGPIPELINES_CONFIG", raising=False)
    assert configuration_file() == ROOT / "include" / "pipelines.yaml"
    monkeypatch.setenv("PGPIPELINES_CONFIG", "include/other.yaml")
    assert configuration_file() == ROOT / "include" / "other.yaml"
    assert load().mistakes == ("include/other.yaml: there is no such file",)
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(tmp_path / "x.yaml"))
    assert configuration_file() == tmp_path / "x.yaml"


def test_the_file_that_comes_with_the_package_is_sound() -> None:
    assert load(ROOT / "include" / "pipelines.yaml").mistakes == ()


def test_the_published_schema_is_current_and_holds_for_the_file_that_comes_with_the_package() -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
    jsonschema.Draft202012Validator.check_schema(schema)
    text = (ROOT / "include" / "pipelines.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=pipelines.schema.json\n")
    jsonschema.validate(yaml.safe_load(text), schema)


def test_every_setting_is_described_in_the_schema() -> None:
    schema = json.loads(schema_text())
    settings = schema["properties"] | schema["$defs"]["Copy"]["properties"]
    assert [name for name, setting in settings.items() if not setting.get("description")] == []


def test_the_command_says_ok_or_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "copies: {}")
    monkeypatch.setenv("PGPIPELINES_CONFIG", str(path))
    assert main([]) == 0
    assert capsys.readouterr().out == f"{path}: ok\n"
    written(tmp_path, "copy: {}")
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == f"{path}: copy: unknown key (near: copies); allowed: {SECTIONS}\n"


def test_the_command_writes_and_checks_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pgpipelines.configuration.__main__.SCHEMA_FILE", tmp_path / "schema.json")
    monkeypatch.setattr("pgpipelines.configuration.__main__.PACKAGE_FOLDER", tmp_path)
    assert main(["--check"]) == 1
    assert capsys.readouterr().out == "schema.json: not up to date; `make schema` writes it\n"
    assert main(["--write"]) == 0
    assert main(["--check"]) == 0


def test_the_command_runs_without_airflow() -> None:
    script = (
        "import sys; from pgpipelines.configuration.__main__ import main; status = main([]); "
        "sys.exit(status or 'airflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": "plugins"}, cwd=ROOT)


names = st.text(st.sampled_from('ab_1$가A." ;-'), min_size=1, max_size=8).map(
    lambda name: str(QualifiedName("s", name))
)
cron_fields = st.tuples(
    st.sampled_from(["*", "0", "*/5", "1-10", "59"]),
    st.sampled_from(["*", "2", "0-6/2"]),
    st.sampled_from(["*", "1", "31", "L"]),
    st.sampled_from(["*", "2", "JAN", "1,7"]),
    st.sampled_from(["*", "0", "7", "MON-FRI", "5#3"]),
).map(" ".join)
columns = st.sampled_from(["id", "updated_at", '"Weird Column"'])
options = st.fixed_dictionaries(
    {},
    optional={
        "target": names,
        "batch_size": st.integers(0, 20_000_000),
        "key": st.lists(columns, max_size=3),
        "cursor": columns | st.just("xmin"),
        "lookback": st.integers(-1, 5) | st.sampled_from(["1h", "2d", "soon"]),
        "where": st.just("x > 1"),
        "select": st.just("SELECT 1"),
    },
)
tables = st.one_of(names, st.dictionaries(names, st.none() | options, min_size=1, max_size=1))
entries = tables | st.fixed_dictionaries({"group": st.lists(tables, max_size=3)})
pipelines = st.fixed_dictionaries(
    {
        "schedule": st.none() | cron_fields | st.sampled_from(CRON_PRESETS),
        "source": st.sampled_from(["a", "b/c", r"d\e"]),
        "target": st.sampled_from(["x", "y:z"]),
        "tables": st.just("*") | st.lists(entries, min_size=1, max_size=4),
    },
    optional={
        "timezone": st.sampled_from(["UTC", "Asia/Seoul"]),
        "strategy": st.sampled_from(["full_refresh", "incremental"]),
        "target_schema": st.none() | st.sampled_from(["erp", '"A.b"']),
        "parallel": st.integers(0, 40),
        "streams": st.integers(0, 17),
        "pool": st.none() | st.sampled_from(["erp", "a pool"]),
        "create_missing": st.booleans(),
        "max_snapshot_age": st.sampled_from(["30m", "never"]),
        "except": st.lists(names, max_size=2),
    },
)
SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text()))
rollups = st.fixed_dictionaries(
    {"schedule": st.none() | cron_fields, "connection": st.sampled_from(["a", "b c"])},
    optional={
        "schema": st.sampled_from(["public", '"A.b"', "a.b"]),
        "business_timezone": st.sampled_from(["UTC", "Asia/Seoul", "Seoul"]),
        "sample_period": st.sampled_from(["15m", "1m", "2h", "30s"]),
        "max_status_gap": st.none() | st.sampled_from(["1h", "x"]),
        "power_tolerance": st.floats(0, 200) | st.integers(-1, 200),
        "quarantine_row_share": st.floats(0, 2) | st.sampled_from([0, 1]),
        "uptime_target": st.floats(0, 100) | st.integers(0, 100),
        "maintenance_faults": st.integers(0, 20_000),
        "after_copies": st.booleans(),
    },
)
partitions = st.fixed_dictionaries(
    {"schedule": st.none() | cron_fields, "connection": st.sampled_from(["a", "b c"])},
    optional={
        "months_ahead": st.integers(0, 5),
        "keep_months": st.none() | st.integers(0, 5),
        "detach": st.booleans(),
        "longest_end": st.sampled_from(["7d", "soon"]),
    },
)
dumps = st.fixed_dictionaries(
    {
        "schedule": st.none() | cron_fields,
        "databases": st.lists(st.sampled_from(["a", "b", "c d"]), max_size=3),
    },
    optional={
        "timezone": st.sampled_from(["UTC", "Seoul"]),
        "directory": st.none() | st.sampled_from(["/dumps", "elsewhere", " "]),
        "keep": st.fixed_dictionaries({}, optional={"daily": st.integers(-1, 9), "monthly": st.integers(0, 3)}),
        "drill": st.sampled_from(["embedded", "none", "a", "somewhere"]) | st.booleans(),
        "overdue_after": st.sampled_from(["26h", "tomorrow"]),
        "format": st.sampled_from(["custom", "directory", "plain", "tar"]),
        "encryption": st.none()
        | st.fixed_dictionaries(
            {},
            optional={"key_connection": st.sampled_from(["a", "b c"]), "key_variable": st.sampled_from(["K", "K-1"])},
        ),
    },
)
base_backups = st.fixed_dictionaries(
    {
        "schedule": st.none() | cron_fields,
        "servers": st.lists(st.sampled_from(["a", "b", "c d"]), max_size=3),
        "wal_archive": st.sampled_from(["/wal", "wal", " "]),
    },
    optional={
        "directory": st.none() | st.sampled_from(["/dumps", " "]),
        "keep": st.integers(-1, 3),
        "incrementals": st.integers(-1, 7),
        "drill": st.sampled_from(["embedded", "none"]) | st.booleans(),
        "overdue_after": st.sampled_from(["8d", "tomorrow"]),
    },
)
documents = st.fixed_dictionaries(
    {
        "copies": st.dictionaries(st.sampled_from(["p", "q.r", "s-1"]), pipelines),
        "rollups": st.dictionaries(st.sampled_from(["p", "t", "u"]), rollups, max_size=2),
        "partitions": st.dictionaries(st.sampled_from(["t", "v"]), partitions, max_size=2),
        "dumps": st.dictionaries(st.sampled_from(["v", "w"]), dumps, max_size=2),
        "base_backups": st.dictionaries(st.sampled_from(["w", "x"]), base_backups, max_size=2),
    }
)


@settings(deadline=None)
@given(documents)
def test_what_loads_satisfies_the_schema_and_survives_a_round_trip(document: dict[str, Any]) -> None:
    loaded = load_document(document)
    sections = {
        "copies": loaded.copies,
        "rollups": loaded.rollups,
        "partitions": loaded.partitions,
        "dumps": loaded.dumps,
        "base_backups": loaded.base_backups,
    }
    kept = {section: {name: document[section][name] for name in sound} for section, sound in sections.items()}
    SCHEMA.validate(kept)
    model = Configuration.model_validate(kept)
    dumped = json.loads(model.model_dump_json())
    SCHEMA.validate(dumped)
    assert Configuration.model_validate(dumped) == model


@settings(deadline=None)
@given(documents)
def test_what_a_task_is_given_is_what_the_file_says(document: dict[str, Any]) -> None:
    for copy in load_document(document).copies.values():
        for table in (table for group in copy.groups() for table in group):
            given_to_task = json.loads(json.dumps(table.settings(copy.target_schema)))
            assert copy_of(given_to_task, copy.target_schema) == table.copy_to(copy.target_schema)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["copies", "tables", "schedule", "source", "target", "p"]) | st.integers(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_nonsense_is_reported_in_lines_and_never_raises(document: object) -> None:
    loaded = load_document(document)
    assert all("\n" not in line for line in loaded.mistakes)


def load_document(document: object) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return load(written(Path(folder), yaml.safe_dump(document, allow_unicode=True)))
