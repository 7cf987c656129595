"""Raw tables partitioned by month: made, kept going, and what is old taken off without being lost.

    create_tables   makes charger_usage_log and power_consumption partitioned, where they are missing
    convert         turns a plain table into the partitioned form, with its rows
    maintain        makes months ahead, gives stray rows their month, reports or detaches old months; drops nothing

Months are those of the raw times, which are UTC. docs/partitions.md says how they fit copies and statistics.
"""

from pgpipelines.partitions.conversion import Converted, convert
from pgpipelines.partitions.maintenance import Maintained, PartitionSettings, create_tables, maintain
from pgpipelines.partitions.months import MONTHLY, Month

__all__ = ["MONTHLY", "Converted", "Maintained", "Month", "PartitionSettings", "convert", "create_tables", "maintain"]
