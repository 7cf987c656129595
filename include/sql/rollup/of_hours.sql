-- What hours amount to, in the units of of_sessions.sql. Parameters: hours (rollup_hour, or hourly_charger_stats).
-- Locks ACCESS SHARE on it.
SELECT
    coalesce(sum(num_sessions), 0)::bigint AS sessions,
    coalesce(1000 * sum(total_energy), 0)::bigint AS energy_wh,
    coalesce(100 * sum(total_revenue), 0)::bigint AS revenue,
    coalesce(sum(total_duration_minutes), 0)::bigint AS minutes,
    coalesce(sum(occupied_seconds), 0)::bigint AS seconds
FROM {{ hours | identifier }};
