-- Renames a column; shown to a person, never run by a copy. Parameters: table, column, name (the new one).
-- Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} RENAME COLUMN {{ column | identifier }} TO {{ name | identifier }};
