-- Fills an empty charger_db (schema/charger_db.sql) with sessions of 12 minutes to 5 hours, 2.6 hours on average, one
-- every 5.2 hours at each charger, none overlapping; written in the order of their starts.
-- Parameters: bound: sessions, chargers (how many), first_day. Locks: writes to charger_db.
INSERT INTO station_info (station_id, station_name)
SELECT 'S' || n, 'station ' || n FROM generate_series(0, %(chargers)s / 10) AS n;

INSERT INTO charger_info (charger_id, station_id, charger_type, rated_power)
SELECT 'CHG-' || lpad(n::text, 5, '0'), 'S' || n / 10, 'FAST', 100
FROM generate_series(0, %(chargers)s - 1) AS n;

INSERT INTO charger_usage_log (
    id, charger_id, transaction_id, session_date, start_time, end_time, duration_minutes,
    energy_delivered, energy_meter_start, energy_meter_end, average_power, max_power, min_power,
    base_charge, energy_charge, time_charge, parking_charge, total_charge,
    payment_method, payment_status, payment_date, vehicle_type, user_id_hash, status, created_at
)
SELECT
    number,
    'CHG-' || lpad((number %% %(chargers)s)::text, 5, '0'),
    'TX-' || number,
    start_time::date,
    start_time,
    start_time + lasts_s * interval '1 s',
    round(lasts_s / 60.0),
    energy,
    meter,
    meter + energy,
    11.2,
    49.5,
    3.2,
    500,
    round(energy * 347.2, 2),
    round(lasts_s / 60.0 * 12.5, 2),
    number %% 10 * 100,
    500 + round(energy * 347.2, 2) + round(lasts_s / 60.0 * 12.5, 2) + number %% 10 * 100,
    '신용카드',
    CASE number %% 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'pending' ELSE 'completed' END,
    start_time + lasts_s * interval '1 s',
    '현대 아이오닉 5',
    md5(number::text),
    'completed',
    start_time
FROM (
    SELECT
        *,
        %(first_day)s::timestamp + number / %(chargers)s * interval '18720 s'
        + abs(hashint8extended(number, 1)) %% (18720 - lasts_s) * interval '1 s' AS start_time,
        round(lasts_s * 0.003, 3) AS energy,
        number / %(chargers)s * 60.0 AS meter
    FROM (
        SELECT number, 720 + abs(hashint8extended(number, 0)) %% 17280 AS lasts_s
        FROM generate_series(0, %(sessions)s::bigint - 1) AS number
    ) AS drawn
) AS timed
ORDER BY number;
