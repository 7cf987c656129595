-- Inserts every staged row. Parameters: table, columns (names). Locks ROW EXCLUSIVE on the table.
INSERT INTO {{ table | identifier }} ({{ columns | identifiers }})
OVERRIDING SYSTEM VALUE
SELECT {{ columns | identifiers }}
FROM pg_temp.pgpipelines_staging;
