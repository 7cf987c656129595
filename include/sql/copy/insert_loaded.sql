-- Puts the rows that were loaded beside an empty table into it. Parameters: table, loading (table), columns (names).
-- Locks ROW EXCLUSIVE on the table.
INSERT INTO {{ table | identifier }} ({{ columns | identifiers }})
OVERRIDING SYSTEM VALUE
SELECT {{ columns | identifiers }}
FROM {{ loading | identifier }};
