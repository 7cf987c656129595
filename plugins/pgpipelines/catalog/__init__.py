"""What a table is, read from the system catalogs of one server.

model    the description: columns, types, keys, constraints, indexes, foreign keys, place among its relatives
reading  how a description is read
"""

from pgpipelines.catalog.model import (
    FOREIGN,
    PARTITIONED,
    QUERY,
    VIEW,
    Attribute,
    Column,
    Constraint,
    ForeignKey,
    Index,
    Partition,
    Privileges,
    Range,
    Reference,
    ResultColumn,
    Sequence,
    Table,
    Unique,
    UserType,
)
from pgpipelines.catalog.reading import describe, describe_existing, describe_result, find, readable_names

__all__ = [
    "FOREIGN",
    "PARTITIONED",
    "QUERY",
    "VIEW",
    "Attribute",
    "Column",
    "Constraint",
    "ForeignKey",
    "Index",
    "Partition",
    "Privileges",
    "Range",
    "Reference",
    "ResultColumn",
    "Sequence",
    "Table",
    "Unique",
    "UserType",
    "describe",
    "describe_existing",
    "describe_result",
    "find",
    "readable_names",
]
