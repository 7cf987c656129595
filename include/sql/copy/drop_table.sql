-- Drops a table that a load left behind, with its sequences and indexes. Parameters: table.
-- Locks ACCESS EXCLUSIVE on the table, which nobody else reads.
DROP TABLE IF EXISTS {{ table | identifier }};
