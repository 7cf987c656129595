-- Marks what changed where no trigger may: reads all of the raw tables, and compares the checksum of each charger and
-- day with that of the last run. A session belongs to the day it starts on. What takes hours to notice this way is
-- noticed in the same units: from the first start to the last end of a day that differs.
-- Parameters: log, samples, chargers (tables). Bound: max_status_gap. Locks ACCESS SHARE on what it reads, and the
-- checksums that it writes.
WITH present AS MATERIALIZED (
    SELECT
        'charger_usage_log' AS raw_table,
        coalesce(charger_id, '') AS charger_id,
        start_time::date AS day,
        sum(
            hash_record_extended(
                ROW(
                    id, transaction_id, start_time, end_time, duration_minutes,
                    energy_delivered, energy_meter_start, energy_meter_end, max_power,
                    base_charge, energy_charge, time_charge, parking_charge, total_charge, payment_status, created_at
                ), 0
            )
        ) + count(*) AS checksum,
        min(least(start_time, end_time)) AS from_time,
        max(greatest(start_time, coalesce(end_time, 'infinity'))) AS until_time
    FROM {{ log | identifier }}
    GROUP BY coalesce(charger_id, ''), start_time::date
    UNION ALL
    SELECT
        'power_consumption' AS raw_table,
        charger_id,
        measurement_time::date AS day,
        sum(
            hash_record_extended(ROW(id, measurement_time, input_power, cumulative_energy, charger_status), 0)
        ) + count(*) AS checksum,
        min(measurement_time) AS from_time,
        max(measurement_time) + %(max_status_gap)s::interval AS until_time
    FROM {{ samples | identifier }}
    GROUP BY charger_id, measurement_time::date
    UNION ALL
    SELECT
        'charger_info' AS raw_table,
        charger_id,
        '-infinity' AS day,
        hash_record_extended(ROW(station_id, rated_power), 0) AS checksum,
        '-infinity' AS from_time,
        'infinity' AS until_time
    FROM {{ chargers | identifier }}
),

differing AS MATERIALIZED (
    SELECT
        coalesce(p.raw_table, o.raw_table) AS raw_table,
        coalesce(p.charger_id, o.charger_id) AS charger_id,
        coalesce(p.day, o.day) AS day,
        p.checksum,
        p.from_time,
        p.until_time,
        least(p.from_time, o.from_time) AS dirty_from,
        greatest(p.until_time, o.until_time) AS dirty_until
    FROM present AS p
    FULL JOIN pgpipelines.raw_day_checksum AS o
        ON o.raw_table = p.raw_table AND o.charger_id = p.charger_id AND o.day = p.day
    WHERE ROW(p.checksum, p.from_time, p.until_time) IS DISTINCT FROM ROW(o.checksum, o.from_time, o.until_time)
),

marked AS (
    INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
    SELECT charger_id, dirty_from, dirty_until FROM differing
    UNION ALL
    -- Which of two versions of a transaction counts is looked at again: the other one may be gone.
    SELECT charger_id, start_time, start_time
    FROM pgpipelines.session_finding
    WHERE reason = 'duplicate_transaction' AND EXISTS (SELECT FROM differing WHERE raw_table = 'charger_usage_log')
),

moved AS (
    INSERT INTO pgpipelines.dirty_station_day (station_id, stats_date)
    SELECT NULL, NULL WHERE EXISTS (SELECT FROM differing WHERE raw_table = 'charger_info')
),

forgotten AS (
    DELETE FROM pgpipelines.raw_day_checksum AS o
    USING differing AS d
    WHERE d.checksum IS NULL AND o.raw_table = d.raw_table AND o.charger_id = d.charger_id AND o.day = d.day
)

INSERT INTO pgpipelines.raw_day_checksum (raw_table, charger_id, day, checksum, from_time, until_time)
SELECT raw_table, charger_id, day, checksum, from_time, until_time
FROM differing
WHERE checksum IS NOT NULL
ON CONFLICT (raw_table, charger_id, day) DO UPDATE
SET checksum = excluded.checksum, from_time = excluded.from_time, until_time = excluded.until_time;
