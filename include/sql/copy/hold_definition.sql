-- Keeps the target's definition as it is until the end of the transaction; readers and writers go on.
-- Parameters: table. Locks ROW EXCLUSIVE on the table.
LOCK TABLE {{ table | identifier }} IN ROW EXCLUSIVE MODE;
