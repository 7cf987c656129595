-- Makes a table beside an empty target, with its columns and without its constraints, to load rows into.
-- Parameters: loading, table, columns (names). Locks ACCESS SHARE on the target.
CREATE TABLE {{ loading | identifier }} AS
SELECT {{ columns | identifiers }}
FROM {{ table | identifier }}
WITH NO DATA;
