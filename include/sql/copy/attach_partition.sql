-- Makes a table that was copied on its own a partition; its indexes and constraints become parts of its parent's.
-- Its rows are read once, to prove that they belong there. Parameters: parent, table, bound.
-- Locks SHARE UPDATE EXCLUSIVE on the parent, ACCESS EXCLUSIVE on the table and on a default partition.
ALTER TABLE {{ parent | identifier }} ATTACH PARTITION {{ table | identifier }} {{ bound }};
