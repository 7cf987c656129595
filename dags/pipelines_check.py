"""Shows the mistakes of include/pipelines.yaml in Airflow's UI, as the one import error of this file.

It defines no DAG. The DAGs of the pipelines without a mistake come from the other files and keep running.
"""

from __future__ import annotations

from pgpipelines.configuration import load

load().require_sound()
