-- Adds the keys that one side has more than once to those that are wanted. In the target (repeated), tables that
-- inherit from it may repeat them, and so may rows that a broken index hides; in the source (ambiguous), a query or a
-- view. They are looked for only where the numbers of rows do not add up.
-- Parameters: wanted (table, after checksum/differing_rows.sql), key (names). Locks nothing that others see.
WITH sums AS (
    SELECT
        (SELECT count(*) FROM pg_temp.pgpipelines_found_rows)
        - (SELECT count(*) FROM {{ wanted | identifier }} WHERE "pgpipelines kind" = 'extra')
        <> (SELECT count(*) FROM pg_temp.pgpipelines_expected_rows)
        - (SELECT count(*) FROM {{ wanted | identifier }} WHERE "pgpipelines kind" = 'missing') AS differ
)

INSERT INTO {{ wanted | identifier }}
SELECT
    {{ key | identifiers }},
    'repeated'
FROM pg_temp.pgpipelines_found_rows
WHERE (SELECT differ FROM sums)
GROUP BY {{ key | identifiers }}
HAVING count(*) > 1
UNION ALL
SELECT
    {{ key | identifiers }},
    'ambiguous'
FROM pg_temp.pgpipelines_expected_rows
WHERE (SELECT differ FROM sums)
GROUP BY {{ key | identifiers }}
HAVING count(*) > 1;
