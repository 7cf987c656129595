-- Notes in the temporary table rollup_frozen, one row or none, which time belongs to months that are detached: their
-- rows are not there, so what stands of that time stays as it is. Hours as stats_hour has them, times as the raw log.
-- The last sample of a month still tells of the time behind it.
-- Bound: schema, source_timezone, business_timezone, max_status_gap. Locks nothing.
CREATE TEMPORARY TABLE rollup_frozen ON COMMIT DROP AS
WITH month AS (
    SELECT
        table_name = 'charger_usage_log' AS of_sessions,
        from_time,
        until_time,
        CASE
            WHEN table_name = 'charger_usage_log' THEN frozen_until ELSE frozen_until + %(max_status_gap)s::interval
        END AS reaches
    FROM pgpipelines.detached_partition
    WHERE table_schema = %(schema)s
)

SELECT
    date_trunc('hour', min(from_time) AT TIME ZONE %(source_timezone)s, %(business_timezone)s)
    AT TIME ZONE 'UTC' AS from_hour,
    date_trunc(
        'hour', max(reaches) AT TIME ZONE %(source_timezone)s - interval '1 microsecond', %(business_timezone)s
    ) AT TIME ZONE 'UTC' + interval '1 hour' AS until_hour,
    min(from_time) FILTER (WHERE of_sessions) AS from_time,
    max(until_time) FILTER (WHERE of_sessions) AS until_time
FROM month
HAVING count(*) > 0;
