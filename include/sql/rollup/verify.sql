-- What the evaluated valid sessions amount to (rollup_session), and what of it has come into hours (rollup_hour): Wh,
-- 0.01 KRW, minutes, and seconds of the chargers' time. Both must be equal.
-- Parameters: none. Locks nothing.
WITH of_sessions AS (
    SELECT
        count(*) AS sessions,
        coalesce(sum(energy_wh), 0) AS energy_wh,
        coalesce(sum(base_charge + energy_charge + time_charge + parking_charge + adjustment), 0) AS revenue,
        coalesce(sum(floor(extract(epoch FROM ends - starts) / 60 + 0.5)), 0) AS minutes,
        coalesce(
            sum(
                greatest(
                    0,
                    floor(extract(epoch FROM ends) + 0.5)
                    - floor(extract(epoch FROM greatest(starts, earlier_ended)) + 0.5)
                )
            ), 0
        ) AS seconds
    FROM pg_temp.rollup_session
    WHERE reason IS NULL AND is_evaluated
),

of_hours AS (
    SELECT
        coalesce(sum(num_sessions), 0) AS sessions,
        coalesce(1000 * sum(total_energy), 0) AS energy_wh,
        coalesce(100 * sum(total_revenue), 0) AS revenue,
        coalesce(sum(total_duration_minutes), 0) AS minutes,
        coalesce(sum(occupied_seconds), 0) AS seconds
    FROM pg_temp.rollup_hour
)

SELECT figure, of_sessions, of_hours
FROM of_sessions AS s
CROSS JOIN of_hours AS h
CROSS JOIN LATERAL (
    VALUES
        ('sessions', s.sessions, h.sessions),
        ('Wh', s.energy_wh, h.energy_wh),
        ('0.01 KRW', s.revenue, h.revenue),
        ('minutes', s.minutes, h.minutes),
        ('seconds', s.seconds, h.seconds)
) AS compared (figure, of_sessions, of_hours)
WHERE of_sessions <> of_hours;
