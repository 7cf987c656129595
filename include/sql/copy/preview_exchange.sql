-- How many rows an exchange of all rows with the wanted hashes would insert and delete.
-- Parameters: table, only (not those that inherit from it), staging, wanted (tables), and as in checksum/row_hash.sql.
-- Locks ACCESS SHARE on the table.
WITH hashed AS (
    SELECT {% include 'checksum/row_hash.sql' %} AS "pgpipelines hash"
    FROM {{ table | identifier(only=only) }}
    OFFSET 0
)

SELECT
    (SELECT count(*) FROM {{ staging | identifier }}) AS inserted,
    0 AS updated,
    count(*) AS deleted
FROM hashed
WHERE "pgpipelines hash" IN (SELECT "pgpipelines hash" FROM {{ wanted | identifier }});
