-- Lets a column take NULL. Parameters: table, column. Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }} DROP NOT NULL;
