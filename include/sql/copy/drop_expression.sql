-- Makes a generated column a plain one, with the values that it has; shown to a person, never run by a copy.
-- Parameters: table, column. Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }} DROP EXPRESSION;
