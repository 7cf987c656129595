-- Deletes every row of a table and inserts it again, as a reload does that keeps the table for its readers.
-- Parameters: table. Locks: writes to the table.
CREATE TEMPORARY TABLE kept AS SELECT * FROM {{ table | identifier }};
DELETE FROM {{ table | identifier }};
INSERT INTO {{ table | identifier }} SELECT * FROM kept;
