-- What the taken marks (rollup_mark) ask for. Parameters: none. Locks nothing.
SELECT
    count(*) AS marks,
    coalesce(
        bool_or(charger_id IS NULL AND from_time = '-infinity' AND until_time = 'infinity'), false
    ) AS whole
FROM pg_temp.rollup_mark;
