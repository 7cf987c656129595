-- Adds what the meter of each charger says every 15 minutes, in a session or not, from the first session to the last.
-- Parameters: none. Locks: writes to power_consumption.
INSERT INTO power_consumption (
    charger_id, measurement_time, measurement_date, hour, input_power, cumulative_energy, is_charging, charger_status
)
SELECT
    c.charger_id,
    at,
    at::date,
    extract(hour FROM at),
    CASE WHEN s.id IS NULL THEN 0.05 ELSE 10.8 END,
    CASE
        WHEN s.end_time > at
            THEN s.energy_meter_start
            + round(
                s.energy_delivered * extract(epoch FROM at - s.start_time)
                / extract(epoch FROM s.end_time - s.start_time), 3
            )
        ELSE s.energy_meter_end
    END,
    coalesce(s.end_time > at, false),
    CASE WHEN s.end_time > at THEN 'IN_USE' WHEN c.id %% 97 = extract(doy FROM at) THEN 'FAULT' ELSE 'AVAILABLE' END
FROM (SELECT min(start_time) AS first_time, max(end_time) AS last_time FROM charger_usage_log) AS history
CROSS JOIN LATERAL generate_series(date_trunc('hour', first_time), last_time, interval '15 minutes') AS moment (at)
CROSS JOIN charger_info AS c
LEFT JOIN LATERAL (
    SELECT l.id, l.start_time, l.end_time, l.energy_meter_start, l.energy_meter_end, l.energy_delivered
    FROM charger_usage_log AS l
    WHERE l.charger_id = c.charger_id AND l.start_time <= at
    ORDER BY l.start_time DESC
    LIMIT 1
) AS s ON TRUE
ORDER BY moment.at;
