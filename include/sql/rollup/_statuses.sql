{# CTEs that say how long each charger was known to be up, down or in maintenance in each hour (`of_statuses`), from #}
{# rollup_sample. A status holds until the next sample, or for max_status_gap. Part of hours.sql. #}
{# Bound: business_timezone, max_status_gap. #}
neighbour AS (
    SELECT
        number,
        ats,
        statuses,
        ats[2:] || lead(ats[1]) OVER turn AS next_ats,
        lag(ats[cardinality(ats)]) OVER turn || ats[:cardinality(ats) - 1] AS earlier_ats,
        lag(statuses[cardinality(statuses)]) OVER turn || statuses[:cardinality(statuses) - 1] AS earlier_statuses
    FROM pg_temp.rollup_sample
    WINDOW turn AS (PARTITION BY number ORDER BY period)
    ORDER BY number
    OFFSET 0
),

sample AS (
    SELECT
        number,
        unnest(ats) AS at,
        unnest(next_ats) AS next_at,
        unnest(earlier_ats) AS earlier_at,
        unnest(statuses) AS charger_status,
        unnest(earlier_statuses) AS earlier_status
    FROM neighbour
    ORDER BY number
    OFFSET 0
),

sampled AS (
    SELECT
        *,
        date_trunc('hour', at, %(business_timezone)s) AS stats_hour,
        least(next_at, at + %(max_status_gap)s::interval) AS held_until
    FROM sample
    ORDER BY number
    OFFSET 0
),

-- Both ends in whole seconds, so that an hour never holds more than its length.
counted AS (
    SELECT
        *,
        floor(date_part('epoch', least(held_until, stats_hour + interval '1 hour') - stats_hour) + 0.5)::integer
        - floor(date_part('epoch', at - stats_hour) + 0.5)::integer AS seconds
    FROM sampled
    ORDER BY number
    OFFSET 0
),

-- What samples say of their own hour.
of_samples AS (
    SELECT
        number,
        stats_hour,
        coalesce(sum(seconds) FILTER (WHERE charger_status IN ('AVAILABLE', 'IN_USE', 'RESERVED')), 0) AS up_seconds,
        coalesce(sum(seconds) FILTER (WHERE charger_status IN ('FAULT', 'OFFLINE')), 0) AS down_seconds,
        coalesce(sum(seconds) FILTER (WHERE charger_status = 'MAINTENANCE'), 0) AS maintenance_seconds,
        -- Entering FAULT is a fault; staying in it is none.
        count(*) FILTER (
            WHERE charger_status = 'FAULT'
            AND (earlier_status IS DISTINCT FROM 'FAULT' OR earlier_at < at - %(max_status_gap)s::interval)
        ) AS fault_count,
        max(charger_status) FILTER (
            WHERE next_at IS NULL OR next_at >= stats_hour + interval '1 hour'
        ) AS last_status,
        max(held_until) AS held_until
    FROM counted
    GROUP BY number, stats_hour
),

-- What the last one says of the hours after it that its status reaches into, where that is known time.
reaching AS (
    SELECT
        number,
        later_hour AS stats_hour,
        last_status,
        floor(date_part('epoch', least(held_until, later_hour + interval '1 hour') - later_hour) + 0.5)::integer
        AS seconds
    FROM of_samples
    CROSS JOIN LATERAL generate_series(stats_hour + interval '1 hour', held_until, interval '1 hour') AS later_hour
    WHERE held_until > stats_hour + interval '1 hour' AND later_hour < held_until
),

of_reaching AS (
    SELECT
        number,
        stats_hour,
        CASE WHEN last_status IN ('AVAILABLE', 'IN_USE', 'RESERVED') THEN seconds ELSE 0 END AS up_seconds,
        CASE WHEN last_status IN ('FAULT', 'OFFLINE') THEN seconds ELSE 0 END AS down_seconds,
        CASE WHEN last_status = 'MAINTENANCE' THEN seconds ELSE 0 END AS maintenance_seconds
    FROM reaching
    WHERE
        seconds > 0
        AND last_status IN ('AVAILABLE', 'IN_USE', 'RESERVED', 'FAULT', 'OFFLINE', 'MAINTENANCE')
),

of_statuses AS (
    SELECT
        number,
        stats_hour,
        coalesce(s.up_seconds, 0) + coalesce(r.up_seconds, 0) AS up_seconds,
        coalesce(s.down_seconds, 0) + coalesce(r.down_seconds, 0) AS down_seconds,
        coalesce(s.maintenance_seconds, 0) + coalesce(r.maintenance_seconds, 0) AS maintenance_seconds,
        coalesce(s.fault_count, 0) AS fault_count,
        s.last_status
    FROM of_samples AS s
    FULL JOIN of_reaching AS r USING (number, stats_hour)
)
