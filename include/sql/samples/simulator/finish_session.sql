-- A vehicle leaves: an open session of at least `least_seconds` ends, priced and with a last meter sample.
-- Parameters: bound: least_seconds.
-- Locks: one row of charger_usage_log and one of charger_info; skips sessions that are being changed.
--
-- A session that was left open while nothing ran (a stopped demo) ends after an hour at most.
WITH leaving AS (
    SELECT u.id, u.charger_id, u.start_time, u.energy_meter_start
    FROM charger_usage_log AS u
    WHERE
        u.payment_status = 'pending' AND u.end_time IS NULL
        AND u.start_time <= (now() AT TIME ZONE 'UTC') - make_interval(secs => %(least_seconds)s)
    ORDER BY random()
    LIMIT 1
    FOR UPDATE SKIP LOCKED
),

measured AS (
    SELECT
        l.*,
        c.rated_power,
        c.base_fee,
        c.unit_price_kwh,
        c.unit_price_time,
        t.end_time,
        extract(epoch FROM t.end_time - l.start_time) AS seconds,
        greatest(
            coalesce(m.cumulative_energy - l.energy_meter_start, 0),
            least(60, round((c.rated_power * 0.6 * extract(epoch FROM t.end_time - l.start_time) / 3600)::numeric, 3))
        ) AS energy,
        m.cumulative_energy AS last_reading,
        m.daily_cumulative AS last_daily,
        m.measurement_date AS last_date
    FROM leaving AS l
    INNER JOIN charger_info AS c ON c.charger_id = l.charger_id
    CROSS JOIN LATERAL (
        SELECT date_trunc('second', least(now() AT TIME ZONE 'UTC', l.start_time + interval '1 hour')) AS end_time
    ) AS t
    LEFT JOIN LATERAL (
        SELECT p.cumulative_energy, p.daily_cumulative, p.measurement_date
        FROM power_consumption AS p
        WHERE p.charger_id = l.charger_id
        ORDER BY p.measurement_time DESC, p.id DESC
        LIMIT 1
    ) AS m ON TRUE
),

finished AS (
    UPDATE charger_usage_log AS u
    SET
        end_time = m.end_time,
        duration_minutes = round(m.seconds / 60),
        energy_delivered = m.energy,
        energy_meter_end = m.energy_meter_start + m.energy,
        average_power = round(m.energy * 3600 / m.seconds, 2),
        max_power = round(m.energy * 3600 / m.seconds, 2),
        min_power = round(m.energy * 3600 / m.seconds, 2),
        base_charge = m.base_fee,
        energy_charge = round(m.energy * m.unit_price_kwh, 2),
        time_charge = round(m.seconds * m.unit_price_time / 60, 2),
        parking_charge = 0,
        total_charge = m.base_fee + round(m.energy * m.unit_price_kwh, 2)
        + round(m.seconds * m.unit_price_time / 60, 2),
        status = 'completed'
    FROM measured AS m
    WHERE u.id = m.id
    RETURNING u.charger_id, u.end_time, u.energy_meter_end
),

sampled AS (
    INSERT INTO power_consumption (
        charger_id, measurement_time, measurement_date, hour, input_power, cumulative_energy, daily_cumulative,
        voltage, current, is_charging, charger_status
    )
    SELECT
        f.charger_id, f.end_time, f.end_time::date, extract(hour FROM f.end_time), 0.05, f.energy_meter_end,
        f.energy_meter_end - coalesce(m.last_reading, 0)
        + CASE WHEN m.last_date = f.end_time::date THEN m.last_daily ELSE 0 END,
        380, 0, FALSE, 'AVAILABLE'
    FROM finished AS f
    INNER JOIN measured AS m ON m.charger_id = f.charger_id
)

UPDATE charger_info AS c
SET current_status = 'AVAILABLE', last_status_update = f.end_time, updated_at = f.end_time
FROM finished AS f
WHERE c.charger_id = f.charger_id;
