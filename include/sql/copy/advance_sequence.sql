-- Moves the sequence behind a column past the copied values, never back.
-- Parameters: table, column; bound: table_text, column_text. Locks ACCESS SHARE on the table.
WITH copied AS (
    SELECT max({{ column | identifier }})::bigint AS highest
    FROM {{ table | identifier }}
),

owned AS (
    SELECT to_regclass(pg_get_serial_sequence(%(table_text)s, %(column_text)s)) AS sequence
)

SELECT setval(owned.sequence, copied.highest)
FROM owned
CROSS JOIN copied
INNER JOIN pg_sequence AS s ON owned.sequence = s.seqrelid
WHERE
    copied.highest BETWEEN greatest(s.seqmin, coalesce(pg_sequence_last_value(owned.sequence), s.seqmin)) AND s.seqmax
    AND s.seqincrement > 0;
