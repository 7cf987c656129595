-- Sets how a column's large values are kept. Parameters: table, column, storage.
-- Locks ACCESS EXCLUSIVE on the new table, which nobody else reads yet.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }} SET STORAGE {{ storage }};
