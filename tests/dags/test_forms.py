"""The trigger forms: what a person sees, and that what stands in them works."""

from __future__ import annotations

import re
from typing import Any

import pytest
from airflow.sdk.exceptions import ParamValidationError

from pgpipelines.copy_form import CopyForm
from pgpipelines.dag_policy import require_known_parameters
from pgpipelines.errors import ConfigurationError
from tests.dags.bag import form_of, parsed

FORMS = ("postgres_data_copy", "postgres_restore", "simple_postgres_copy")
MUST_BE_GIVEN = {
    "postgres_data_copy": {"tables"},
    "postgres_restore": {"target_conn_id"},
    "simple_postgres_copy": {"source_table"},
}


@pytest.fixture(scope="module", params=FORMS)
def form(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, form_of(request.param)


def test_every_field_has_a_type_a_title_and_a_description(form: tuple[str, dict[str, Any]]) -> None:
    for name, field in form[1].items():
        assert field.schema["type"], name
        assert field.schema["title"], name
        assert field.description, name


def test_what_stands_in_a_field_is_valid_and_what_must_be_given_is_empty(form: tuple[str, dict[str, Any]]) -> None:
    dag_id, fields = form
    for name, field in fields.items():
        if name in MUST_BE_GIVEN[dag_id]:
            with pytest.raises(ParamValidationError):
                field.resolve()
        else:
            field.resolve()


def test_every_field_is_described_on_the_page_of_the_dag(form: tuple[str, dict[str, Any]]) -> None:
    dag_id, fields = form
    page = parsed().dags[dag_id].doc_md or ""
    assert [name for name in fields if f"| `{name}` |" not in page] == []


def test_choices_are_lists_to_choose_from() -> None:
    fields = form_of("postgres_data_copy")
    choices = {name: field.schema["enum"] for name, field in fields.items() if "enum" in field.schema}
    assert choices == {
        "strategy": ["full_refresh", "incremental"],
        "on_drift": ["refuse", "widen"],
        "verify": ["checksum", "count"],
    }


def test_a_form_without_changes_but_its_tables_can_be_read() -> None:
    values = {name: field.value for name, field in form_of("postgres_data_copy").items()}
    form = CopyForm.read({**values, "tables": ["t"]})
    assert (form.tables, form.options, form.dry_run) == (("t",), {"batch_size": 10_000}, False)


@pytest.mark.parametrize(
    ("dag_id", "conf", "cause"),
    [
        (
            "postgres_data_copy",
            {"tables": ["t"], "dryrun": True},
            "unknown parameter dryrun (near: dry_run); allowed: ",
        ),
        ("simple_postgres_copy", {"source_table": "t", "target_tabel": "u"}, "(near: target_table)"),
        ("example_after_copy", {"tables": ["t"]}, "unknown parameter tables; allowed: schema"),
    ],
)
def test_what_a_form_does_not_ask_for_is_refused(dag_id: str, conf: dict[str, Any], cause: str) -> None:
    dag: Any = parsed().dags[dag_id]
    (task,) = dag.tasks
    asked = dict.fromkeys((*dag.params, *task.params))
    require_known_parameters({"dag": dag, "task": task, "params": asked})
    with pytest.raises(ConfigurationError, match=re.escape(cause)):
        require_known_parameters({"dag": dag, "task": task, "params": {**asked, **conf}})
