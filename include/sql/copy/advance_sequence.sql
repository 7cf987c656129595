-- Moves the sequence behind a column past the copied values, never back. A sequence does not roll back.
-- Parameters: table, column; bound: sequence (text of its quoted name). Locks ACCESS SHARE on the table.
WITH copied AS (
    SELECT max({{ column | identifier }})::bigint AS highest
    FROM {{ table | identifier }}
)

SELECT setval(s.seqrelid, copied.highest)
FROM pg_sequence AS s
CROSS JOIN copied
WHERE
    s.seqrelid = %(sequence)s::regclass AND s.seqincrement > 0
    AND copied.highest BETWEEN greatest(s.seqmin, coalesce(pg_sequence_last_value(s.seqrelid), s.seqmin)) AND s.seqmax;
