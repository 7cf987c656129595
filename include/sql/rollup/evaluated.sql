-- How many sessions were evaluated (rollup_session), and their energy (Wh), whatever its sign.
-- Parameters: none. Locks nothing.
SELECT
    count(*) AS sessions,
    coalesce(sum(abs(energy_wh)), 0)::bigint AS energy_wh
FROM pg_temp.rollup_session
WHERE is_evaluated;
