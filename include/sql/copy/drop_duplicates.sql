-- Leaves one row of each key in a table whose parts were read at different moments: a row that moved in between was
-- read twice. Which one stays doesn't matter, its content is compared next.
-- Parameters: table, key (names). Locks ROW EXCLUSIVE on the table, which nobody else reads.
DELETE FROM {{ table | identifier }}
WHERE ctid IN (
    SELECT place
    FROM (
        SELECT
            ctid AS place,
            row_number() OVER (PARTITION BY {{ key | identifiers }}) AS number
        FROM {{ table | identifier }}
    ) AS numbered
    WHERE number > 1
);
