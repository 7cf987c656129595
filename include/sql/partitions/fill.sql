-- Brings all rows of one table into another. Parameters: made, table, columns.
-- Locks ACCESS SHARE on the one, ROW EXCLUSIVE on the other.
INSERT INTO {{ made | identifier }} ({{ columns | identifiers }})
SELECT {{ columns | identifiers }} FROM {{ table | identifier }};
