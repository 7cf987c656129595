-- Fills power_consumption: one sample per charger every 15 minutes, read off the events of timeline.sql.
-- Parameters: bound: chargers, days, until.
-- Locks: writes to power_consumption.
--
-- Power falls while a battery fills: after the share x of the charging time, 1.3 x - 0.3 x^2 of the
-- energy is delivered. All in whole Wh and seconds, so that the last sample agrees with the session exactly.

CREATE TEMPORARY TABLE stretch ON COMMIT DROP AS
WITH origin AS (
    SELECT
        c.id::bigint AS charger,
        -- Chargers do not all report in the same second.
        %(until)s::timestamp - make_interval(days => %(days)s, secs => -(c.id %% 60)) AS first_at
    FROM charger_info AS c
),

-- Each event lasts, for the meter, until the next one begins; before the first, the charger is idle.
started AS (
    SELECT charger, kind, start_at, end_at, charge_s, wh, register_wh FROM event
    UNION ALL
    SELECT
        o.charger,
        'IDLE' AS kind,
        %(until)s::timestamp - make_interval(days => %(days)s) AS start_at,
        %(until)s::timestamp - make_interval(days => %(days)s) AS end_at,
        1 AS charge_s,
        0 AS wh,
        pg_temp.roll(1000000, 90000000, o.charger, 'register') AS register_wh
    FROM origin AS o
),

placed AS (
    SELECT
        s.*,
        o.first_at,
        extract(epoch FROM s.start_at - o.first_at)::bigint AS start_s,
        extract(epoch FROM s.end_at - o.first_at)::bigint AS end_s,
        extract(epoch FROM lead(s.start_at, 1, %(until)s::timestamp) OVER in_turn - o.first_at)::bigint AS next_s
    FROM started AS s
    INNER JOIN origin AS o USING (charger)
    WINDOW in_turn AS (PARTITION BY s.charger ORDER BY s.start_at)
)

SELECT
    p.*,
    c.charger_id,
    c.charger_type = 'SLOW' AS slow,
    greatest(0, (start_s + 899) / 900) AS first_sample,
    least(%(days)s * 96 - 1, (next_s + 899) / 900 - 1) AS last_sample
FROM placed AS p
INNER JOIN charger_info AS c ON c.id = p.charger;
ANALYZE stretch;

-- The register at each midnight (UTC), to count a day's energy from.
CREATE TEMPORARY TABLE midnight ON COMMIT DROP AS
SELECT
    charger,
    day::date AS day,
    register_wh + wh * pos * (13 * charge_s - 3 * pos) / (10 * charge_s * charge_s) AS register_wh
FROM stretch
CROSS JOIN LATERAL generate_series(
    date_trunc('day', start_at - interval '1 microsecond') + interval '1 day',
    first_at + make_interval(secs => next_s - 1),
    interval '1 day'
) AS day
CROSS JOIN LATERAL (SELECT least(charge_s, extract(epoch FROM day - start_at)::bigint) AS pos OFFSET 0) AS reached
UNION ALL
-- The first day may begin before the history does.
SELECT charger, date_trunc('day', start_at - interval '1 microsecond')::date, register_wh
FROM stretch
WHERE kind = 'IDLE';
ANALYZE midnight;

-- Expected rows are many times the real ones (generate_series), and a merge join would sort them once more.
SET LOCAL enable_mergejoin = off;
SET LOCAL work_mem = '256MB';

INSERT INTO power_consumption (
    id, charger_id, measurement_time, measurement_date, hour, input_power, cumulative_energy, daily_cumulative,
    power_factor, voltage, current, is_charging, charger_status, created_at
)
WITH sampled AS (
    SELECT
        s.*,
        i,
        first_at + i * interval '15 minutes' AS sampled_at,
        900 * i - start_s AS passed_s,
        900 * i < end_s AS lasting,
        900 * i - start_s < charge_s AND wh > 0 AS charging,
        i * %(chargers)s + charger AS id
    FROM stretch AS s
    CROSS JOIN LATERAL generate_series(first_sample, last_sample) AS i
    -- Now and then a charger loses three hours of samples.
    WHERE NOT (pg_temp.chance(charger * 1000 + i / 96, 'samples lost') < 0.015 AND i %% 96 BETWEEN 32 AND 43)
    OFFSET 0
),

read AS (
    SELECT
        *,
        register_wh
        + wh * least(passed_s, charge_s) * (13 * charge_s - 3 * least(passed_s, charge_s))
        / (10 * charge_s * charge_s) AS reading_wh,
        CASE
            WHEN charging THEN wh * 3600 * (13 * charge_s - 6 * passed_s) / (10 * charge_s * charge_s)
            ELSE 0
        END AS output_w,
        CASE
            WHEN NOT lasting OR kind = 'IDLE' THEN 'AVAILABLE'
            WHEN kind IN ('FAULT', 'OFFLINE', 'MAINTENANCE') THEN kind
            ELSE 'IN_USE'
        END AS charger_status,
        CASE WHEN slow THEN 220 ELSE 380 END + hashint8extended(id, {{ seed }}) %% 40 / 10.0::float8 AS volts
    FROM sampled
    OFFSET 0
)

SELECT
    r.id,
    r.charger_id,
    r.sampled_at,
    r.sampled_at::date,
    extract(hour FROM r.sampled_at),
    CASE WHEN r.charger_status <> 'OFFLINE' THEN (r.output_w * 20 / 19 + 50) / 1000.0::float8 END,
    r.reading_wh * 0.001,
    (r.reading_wh - m.register_wh) * 0.001,
    CASE WHEN r.charging THEN 0.95 + (r.id %% 5) / 100.0::float8 END,
    CASE WHEN r.charger_status <> 'OFFLINE' THEN r.volts END,
    CASE WHEN r.charger_status <> 'OFFLINE' THEN (10 * r.output_w / r.volts::integer) / 10.0::float8 END,
    r.charging,
    r.charger_status,
    r.sampled_at + interval '2 seconds'
FROM read AS r
INNER JOIN midnight AS m ON m.charger = r.charger AND m.day = r.sampled_at::date
-- As they would have been written: all chargers, quarter of an hour by quarter of an hour.
ORDER BY r.id;

SELECT setval('power_consumption_id_seq', max(id)) FROM power_consumption;
