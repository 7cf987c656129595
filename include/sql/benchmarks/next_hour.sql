-- Adds the hour after the last sample: a session of 40 minutes and 5 kWh at every fifth charger, and four samples of
-- each charger. Parameters: none. Locks: writes to charger_usage_log and power_consumption.
CREATE TEMPORARY TABLE next_hour ON COMMIT DROP AS
SELECT
    c.charger_id,
    c.id %% 5 = 0 AS charges,
    last_sample.measurement_time AS begins,
    last_sample.cumulative_energy AS meter
FROM charger_info AS c
CROSS JOIN LATERAL (
    SELECT p.measurement_time, coalesce(p.cumulative_energy, 0) AS cumulative_energy
    FROM power_consumption AS p
    WHERE p.charger_id = c.charger_id
    ORDER BY p.measurement_time DESC
    LIMIT 1
) AS last_sample;

INSERT INTO charger_usage_log (
    id, charger_id, transaction_id, session_date, start_time, end_time, duration_minutes,
    energy_delivered, energy_meter_start, energy_meter_end, base_charge, energy_charge, total_charge, payment_status
)
SELECT
    number,
    charger_id,
    'TX-' || number,
    begins::date,
    begins + interval '12 minutes',
    begins + interval '52 minutes',
    40,
    5,
    meter,
    meter + 5,
    500,
    1500,
    2000,
    'completed'
FROM (
    SELECT *, (SELECT max(id) FROM charger_usage_log) + row_number() OVER () AS number
    FROM next_hour
    WHERE charges
) AS numbered;

INSERT INTO power_consumption (
    charger_id, measurement_time, measurement_date, hour, input_power, cumulative_energy, is_charging, charger_status
)
SELECT
    charger_id,
    at,
    at::date,
    extract(hour FROM at),
    CASE WHEN charges THEN 7.5 ELSE 0.05 END,
    meter + CASE WHEN charges THEN least(5, 0.125 * (15 * quarter - 12)) ELSE 0 END,
    charges,
    CASE WHEN charges THEN 'IN_USE' ELSE 'AVAILABLE' END
FROM next_hour
CROSS JOIN generate_series(1, 4) AS quarter
CROSS JOIN LATERAL (SELECT begins + quarter * interval '15 minutes' AS at) AS _;
