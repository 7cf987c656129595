-- Drops a column with its values; shown to a person, never run by a copy. Parameters: table, column.
-- Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} DROP COLUMN {{ column | identifier }};
