"""What the target table must be: made as the source defines it, accepted, or refused with the reason.

A missing table is made beside its final name, filled, and published by a rename. Every step is planned as statements,
which are run, or shown to a person instead.

statement     a statement as data
moved         the source table under the target's name
place         what stands in the target already, and which names are free there
creation      the table without constraints and indexes, and all that its columns need
completion    its indexes, each on its own; then constraints, comments and the final name
foreign_keys  those among tables that are copied together
drift         whether the rows of the source fit an existing target
"""

from pgpipelines.copy.definition.completion import attachment, indexes
from pgpipelines.copy.definition.creation import creation
from pgpipelines.copy.definition.drift import accept, same_type
from pgpipelines.copy.definition.foreign_keys import foreign_keys
from pgpipelines.copy.definition.moved import Definition
from pgpipelines.copy.definition.place import Place
from pgpipelines.copy.definition.statement import Statement, run_all

__all__ = [
    "Definition",
    "Place",
    "Statement",
    "accept",
    "attachment",
    "creation",
    "foreign_keys",
    "indexes",
    "run_all",
    "same_type",
]
