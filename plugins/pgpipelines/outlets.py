"""What tasks name as their outlet whose tables, databases or servers are known only when they run.

Apart from the tasks, because a DAG file is parsed far more often than its tasks run.
"""

from __future__ import annotations

from airflow.sdk import AssetAlias

GROUP = "pgpipelines"
COPIED_TABLES = AssetAlias("pgpipelines copied tables", group=GROUP)
STATISTICS = AssetAlias("pgpipelines statistics", group=GROUP)
DUMPS = AssetAlias("pgpipelines dumps", group=GROUP)
RESTORES = AssetAlias("pgpipelines restores", group=GROUP)
BASE_BACKUPS = AssetAlias("pgpipelines base backups", group=GROUP)
