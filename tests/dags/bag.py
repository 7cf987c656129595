"""Parses DAG files as Airflow's dag processor does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"


def parsed(path: Path = DAGS) -> DagBag:
    """Parse a file or a folder; Airflow passes over files without the words airflow and dag."""
    return DagBag(path, safe_mode=True, load_op_links=False, bundle_path=DAGS, bundle_name="dags")


def serialized(bag: DagBag) -> dict[str, dict[str, Any]]:
    """What Airflow stores of each DAG, by which it tells a new version."""
    return {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()}


def form_of(dag_id: str) -> dict[str, Any]:
    """The fields of a DAG's trigger form, by name."""
    params = parsed(DAGS / f"{dag_id}.py").dags[dag_id].params
    return {name: params.get_param(name) for name in params}
