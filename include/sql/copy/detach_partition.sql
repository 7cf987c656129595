-- Makes a partition a table of its own, with its rows; shown to a person, never run by a copy.
-- Parameters: parent, table. Locks ACCESS EXCLUSIVE on both tables, for a moment.
ALTER TABLE {{ parent | identifier }} DETACH PARTITION {{ table | identifier }};
