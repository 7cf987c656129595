-- Makes the staging table: the target's columns without its constraints, and the hash that the source computed of each
-- row; gone with the transaction. Parameters: staging (table), table, columns (names).
-- Locks ACCESS SHARE on the target.
CREATE TEMPORARY TABLE {{ staging | identifier }} ON COMMIT DROP AS
SELECT
    {{ columns | identifiers }},
    0::bigint AS "pgpipelines hash"
FROM {{ table | identifier }}
WITH NO DATA;
