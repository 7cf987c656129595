-- Keeps NULL out of a column; shown to a person, never run by a copy. Parameters: table, column.
-- Locks ACCESS EXCLUSIVE on the table while all rows are read.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }} SET NOT NULL;
