{# CTEs that say how long each charger was known to be up, down or in maintenance in each hour (`of_statuses`), from #}
{# rollup_sample. A status holds until the next sample, or for max_status_gap. Part of hours.sql. #}
{# Bound: max_status_gap. #}
sampled AS NOT MATERIALIZED (
    SELECT
        *,
        least(next_at, at + %(max_status_gap)s::interval) AS held_until,
        -- Entering FAULT is a fault; staying in it is none.
        charger_status = 'FAULT'
        AND (
            earlier_status IS DISTINCT FROM 'FAULT' OR earlier_at < at - %(max_status_gap)s::interval
        ) AS is_fault
    FROM pg_temp.rollup_sample
),

-- What a sample says of its own hour, and of those after it that its status reaches into.
held AS (
    SELECT
        charger_id,
        first_hour AS stats_hour,
        charger_status,
        true AS is_sample,
        is_fault,
        next_at IS NULL OR next_at >= first_hour + interval '1 hour' AS is_last,
        at AS from_time,
        least(held_until, first_hour + interval '1 hour') AS until_time
    FROM sampled
    UNION ALL
    SELECT
        charger_id,
        stats_hour,
        charger_status,
        false AS is_sample,
        false AS is_fault,
        false AS is_last,
        stats_hour AS from_time,
        least(held_until, stats_hour + interval '1 hour') AS until_time
    FROM sampled
    CROSS JOIN LATERAL generate_series(first_hour + interval '1 hour', held_until, interval '1 hour') AS stats_hour
    WHERE held_until > first_hour + interval '1 hour' AND stats_hour < held_until
),

-- Both ends in whole seconds, so that an hour never holds more than its length.
counted AS (
    SELECT
        *,
        floor(date_part('epoch', until_time - stats_hour) + 0.5)::integer
        - floor(date_part('epoch', from_time - stats_hour) + 0.5)::integer AS seconds
    FROM held
),

of_statuses AS (
    SELECT
        charger_id,
        stats_hour,
        coalesce(sum(seconds) FILTER (WHERE charger_status IN ('AVAILABLE', 'IN_USE', 'RESERVED')), 0) AS up_seconds,
        coalesce(sum(seconds) FILTER (WHERE charger_status IN ('FAULT', 'OFFLINE')), 0) AS down_seconds,
        coalesce(sum(seconds) FILTER (WHERE charger_status = 'MAINTENANCE'), 0) AS maintenance_seconds,
        count(*) FILTER (WHERE is_fault) AS fault_count,
        max(charger_status) FILTER (WHERE is_last) AS last_status
    FROM counted
    GROUP BY charger_id, stats_hour
    -- An hour that a status of before only reaches into counts where that is known time.
    HAVING
        bool_or(is_sample)
        OR sum(seconds) FILTER (
            WHERE charger_status IN ('AVAILABLE', 'IN_USE', 'RESERVED', 'FAULT', 'OFFLINE', 'MAINTENANCE')
        ) > 0
)
