-- How many sessions were evaluated (rollup_session) and how many buckets came of them (rollup_hour).
-- Parameters: none. Locks nothing.
SELECT
    (SELECT count(*) FROM pg_temp.rollup_session WHERE is_evaluated) AS sessions,
    (SELECT count(*) FROM pg_temp.rollup_hour) AS buckets;
