-- Deletes every row; readers see them until the commit. Parameters: table.
-- Locks the rows, and ROW EXCLUSIVE on the table.
DELETE FROM {{ table | identifier }};
