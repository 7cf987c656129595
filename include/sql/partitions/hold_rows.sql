-- Keeps the rows of a table as they are until the transaction ends. Parameters: table.
-- Locks SHARE ROW EXCLUSIVE on the table: its readers go on, its writers wait.
LOCK TABLE {{ table | identifier }} IN SHARE ROW EXCLUSIVE MODE;
