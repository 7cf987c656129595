from __future__ import annotations

from pathlib import Path

import pytest

from pgpipelines.templates import SQL_FOLDER
from tests.sql_lint import main, mistakes

HEADER = "-- Does something. Locks nothing.\n"


def found(folder: Path, **templates: str) -> list[str]:
    for name, text in templates.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return list(mistakes(folder))


def test_the_templates_of_the_package_are_sound() -> None:
    assert list(mistakes(SQL_FOLDER)) == []


@pytest.mark.parametrize(
    "body",
    [
        "SELECT {{ columns | identifiers }} FROM {{ table | identifier }} WHERE id = %(id)s AND 5 %% 2 = 1;",
        "SELECT {% for c in columns %}{{ c | identifier }}{% if not loop.last %}, {% endif %}{% endfor %};",
        "ALTER ROLE {{ role | identifier }} PASSWORD %(password)s;",
        "SELECT true, user WHERE 1 IN %(list)s;",
        "SELECT count(*) FROM t LIMIT {{ limit - 1 }};",
        "SELECT 1 {% if a %}FROM t{% endif %} {% if not a %}LIMIT 1{% endif %};",
        "SELECT '충전소 select' AS \"from\"; -- select",
    ],
)
def test_a_sound_template_has_no_mistakes(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, sound=f"{HEADER}{body}\n") == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            f"{HEADER}SELEC 1;\n",
            'syntax error at or near "SELEC", in: ',
        ),
        (f"{HEADER}TABLE t order BY 1;\n", "reserved word in lower case: order"),
        (f"{HEADER}SELECT {{{{ a | quoted }}}};\n", "does not render: No filter named 'quoted'."),
        (
            f"{HEADER}SELECT {{% if %}};\n",
            "does not render: Expected an expression, got 'end of statement block'",
        ),
        ("SELECT 1;\n", "begins without a comment that says what it does, its parameters and what it locks"),
        (f"{HEADER}SELECT 1;", "does not end in one line feed"),
        (f"{HEADER}SELECT 1; \n", "line 2: a tab, or blanks at the end"),
        (f"{HEADER}SELECT '{'x' * 111}';\n", "line 2: 121 columns, 120 allowed"),
    ],
)
def test_a_mistake_is_found(tmp_path: Path, text: str, mistake: str) -> None:
    (only,) = found(tmp_path, wrong=text)
    assert only.startswith(f"wrong.sql: {mistake}")


def test_the_last_branch_of_a_long_chain_is_read(tmp_path: Path) -> None:
    chain = "{% if k == 1 %}1{% elif k == 2 %}2{% elif k == 3 %}3{% elif k == 4 %}4{% else %}FROM{% endif %}"
    (only,) = found(tmp_path, wrong=f"{HEADER}SELECT {chain};\n")
    assert "syntax error" in only


def test_a_branch_inside_a_branch_is_read(tmp_path: Path) -> None:
    nested = "{% if a %}1{% elif b %}{% if c %}2{% else %}WHERE WHERE{% endif %}{% endif %}"
    assert any("syntax error" in line for line in found(tmp_path, wrong=f"{HEADER}SELECT {nested};\n"))


def test_a_part_is_checked_where_it_is_included(tmp_path: Path) -> None:
    part = "{# The rows of a table. #}\nFROM {{ table | identifier }}\n"
    whole = HEADER + "SELECT 1 {% include 'part.sql' %};\n"
    assert found(tmp_path, part=part, whole=whole) == []
    (only,) = found(tmp_path, part=part.replace("FROM", "FROMM x"), whole=whole)
    assert only.startswith("whole.sql: syntax error")


def test_the_command_counts_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found(tmp_path, sound=f"{HEADER}SELECT 1;\n")
    assert main([str(tmp_path)]) == 0
    found(tmp_path, wrong=f"{HEADER}SELECT;;\nFROM;\n")
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 SQL files, 1 mistakes"
