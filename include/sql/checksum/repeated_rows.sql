-- Adds the keys that the target has more than once to those that are wanted: tables that inherit from it may repeat
-- them, and so may rows that a broken index hides. They are looked for only where the numbers of rows do not add up.
-- Parameters: wanted (table, after checksum/differing_rows.sql), key (names). Locks nothing that others see.
INSERT INTO {{ wanted | identifier }}
SELECT
    {{ key | identifiers }},
    'repeated'
FROM pg_temp.pgpipelines_found_rows
WHERE
    (SELECT count(*) FROM pg_temp.pgpipelines_found_rows)
    - (SELECT count(*) FROM {{ wanted | identifier }} WHERE "pgpipelines kind" = 'extra')
    > (SELECT count(*) FROM pg_temp.pgpipelines_expected_rows)
    - (SELECT count(*) FROM {{ wanted | identifier }} WHERE "pgpipelines kind" = 'missing')
GROUP BY {{ key | identifiers }}
HAVING count(*) > 1;
