-- One charger reports its meter: more often than not one that is in use.
-- Parameters: none.
-- Locks: none that others wait for.
WITH reporting AS (
    SELECT charger_id, rated_power, current_status
    FROM charger_info
    ORDER BY random() * CASE WHEN current_status = 'IN_USE' THEN 0.1 ELSE 1 END
    LIMIT 1
),

measured AS (
    SELECT
        r.*,
        clock.utc,
        coalesce(m.cumulative_energy, 0) AS last_reading,
        CASE WHEN m.measurement_date = clock.utc::date THEN m.daily_cumulative ELSE 0 END AS last_daily,
        u.id IS NOT NULL AS charging,
        greatest(
            coalesce(m.cumulative_energy, 0),
            u.energy_meter_start
            -- What finish_session.sql will count by then at least.
            + least(
                60,
                round(
                    (r.rated_power * 0.6 * least(3600, extract(epoch FROM clock.utc - u.start_time)) / 3600)::numeric, 3
                )
            )
        ) AS reading
    FROM reporting AS r
    CROSS JOIN (SELECT date_trunc('second', now() AT TIME ZONE 'UTC') AS utc) AS clock
    LEFT JOIN LATERAL (
        SELECT p.cumulative_energy, p.daily_cumulative, p.measurement_date
        FROM power_consumption AS p
        WHERE p.charger_id = r.charger_id
        ORDER BY p.measurement_time DESC, p.id DESC
        LIMIT 1
    ) AS m ON TRUE
    LEFT JOIN charger_usage_log AS u
        ON u.charger_id = r.charger_id AND u.payment_status = 'pending' AND u.end_time IS NULL
    LIMIT 1
)

INSERT INTO power_consumption (
    charger_id, measurement_time, measurement_date, hour, input_power, cumulative_energy, daily_cumulative,
    power_factor, voltage, current, is_charging, charger_status
)
SELECT
    charger_id,
    utc,
    utc::date,
    extract(hour FROM utc),
    CASE WHEN charging THEN round((rated_power * 0.6 / 0.95)::numeric, 3) ELSE 0.05 END,
    reading,
    last_daily + reading - last_reading,
    CASE WHEN charging THEN 0.97 END,
    380,
    CASE WHEN charging THEN round((rated_power * 600 / 380)::numeric, 1) ELSE 0 END,
    charging,
    current_status::text
FROM measured;
