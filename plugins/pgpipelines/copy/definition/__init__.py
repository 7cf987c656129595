"""What the target table must be: made as the source defines it, accepted, or refused with the reason.

A missing table is made beside its final name, filled, and published by a rename. Every step is planned as statements,
which are run, or shown to a person instead.

statement     a statement as data
moved         the source table under the target's name
place         what stands in the target already, and which names are free there
creation      the table without constraints and indexes, and all that its columns need
completion    its indexes, each on its own; then constraints, comments and the final name
foreign_keys  those among tables that are copied together
keys          one that the source lacks and its user names
structure     what becomes a partition or a child again
types         those that columns need: made where they are missing, compared where they stand
drift         how an existing target differs from its source, and what makes room for the rows
notices       differences that hinder no row
holding       which types hold every value of another
finding       a difference, and what may be done about it
"""

from pgpipelines.copy.definition.completion import attachment, indexes
from pgpipelines.copy.definition.creation import creation
from pgpipelines.copy.definition.drift import accept, compare, widenings
from pgpipelines.copy.definition.finding import Finding
from pgpipelines.copy.definition.foreign_keys import foreign_keys
from pgpipelines.copy.definition.holding import same_type
from pgpipelines.copy.definition.keys import with_key
from pgpipelines.copy.definition.moved import Definition
from pgpipelines.copy.definition.place import Place
from pgpipelines.copy.definition.statement import Statement, run_all
from pgpipelines.copy.definition.structure import structure

__all__ = [
    "Definition",
    "Finding",
    "Place",
    "Statement",
    "accept",
    "attachment",
    "compare",
    "creation",
    "foreign_keys",
    "indexes",
    "run_all",
    "same_type",
    "structure",
    "widenings",
    "with_key",
]
