-- Sets how closely ANALYZE looks at a column. Parameters: table, column, statistics (target).
-- Locks SHARE UPDATE EXCLUSIVE on the table: readers and writers go on.
ALTER TABLE {{ table | identifier }} ALTER COLUMN {{ column | identifier }} SET STATISTICS {{ statistics }};
