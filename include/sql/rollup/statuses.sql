-- How long each charger was known to be up, down or in maintenance in each hour, from rollup_sample. A status holds
-- until the next sample, or for max_status_gap. Into two temporary tables: what samples say of their own hour is in
-- rollup_status, what they say of later ones in rollup_reached.
-- Parameters: none. Bound: business_timezone, max_status_gap. Locks nothing.
CREATE TEMPORARY TABLE rollup_status ON COMMIT DROP AS
WITH neighbour AS (
    SELECT
        number,
        hour_origin,
        ats,
        statuses,
        ats[2:] || lead(ats[1]) OVER turn AS next_ats,
        lag(ats[cardinality(ats)]) OVER turn || ats[:cardinality(ats) - 1] AS earlier_ats,
        lag(statuses[cardinality(statuses)]) OVER turn || statuses[:cardinality(statuses) - 1] AS earlier_statuses
    FROM pg_temp.rollup_sample
    INNER JOIN pg_temp.rollup_period USING (period)
    WINDOW turn AS (PARTITION BY number ORDER BY period)
    ORDER BY number
    OFFSET 0
),

sample AS (
    SELECT
        number,
        hour_origin,
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
        {% include 'rollup/_hour.sql' %} AS stats_hour,
        least(next_at, at + %(max_status_gap)s::interval) AS held_until
    FROM sample
    ORDER BY number
    OFFSET 0
),

-- What a sample says of its own hour; both ends in whole seconds, so that an hour never holds more than its length.
counted AS (
    SELECT
        number,
        stats_hour,
        charger_status,
        -- Entering FAULT is a fault; staying in it is none.
        charger_status = 'FAULT'
        AND (earlier_status IS DISTINCT FROM 'FAULT' OR earlier_at < at - %(max_status_gap)s::interval) AS is_fault,
        coalesce(next_at >= stats_hour + interval '1 hour', true) AS is_last,
        held_until,
        floor(date_part('epoch', least(held_until, stats_hour + interval '1 hour') - stats_hour) + 0.5)::integer
        - floor(date_part('epoch', at - stats_hour) + 0.5)::integer AS seconds
    FROM sampled
    ORDER BY number
    OFFSET 0
)

SELECT
    number,
    stats_hour,
    coalesce(sum(seconds) FILTER (WHERE charger_status IN ('AVAILABLE', 'IN_USE', 'RESERVED')), 0) AS up_seconds,
    coalesce(sum(seconds) FILTER (WHERE charger_status IN ('FAULT', 'OFFLINE')), 0) AS down_seconds,
    coalesce(sum(seconds) FILTER (WHERE charger_status = 'MAINTENANCE'), 0) AS maintenance_seconds,
    count(*) FILTER (WHERE is_fault) AS fault_count,
    max(charger_status) FILTER (WHERE is_last) AS last_status,
    max(held_until) AS held_until
FROM counted
GROUP BY number, stats_hour;

ANALYZE pg_temp.rollup_status (number, stats_hour);

-- What the hour's last status is for the hours after it.
CREATE TEMPORARY TABLE rollup_reached ON COMMIT DROP AS
SELECT
    number,
    later_hour AS stats_hour,
    CASE WHEN last_status IN ('AVAILABLE', 'IN_USE', 'RESERVED') THEN seconds ELSE 0 END AS up_seconds,
    CASE WHEN last_status IN ('FAULT', 'OFFLINE') THEN seconds ELSE 0 END AS down_seconds,
    CASE WHEN last_status = 'MAINTENANCE' THEN seconds ELSE 0 END AS maintenance_seconds
FROM pg_temp.rollup_status
CROSS JOIN LATERAL generate_series(stats_hour + interval '1 hour', held_until, interval '1 hour') AS later_hour
CROSS JOIN LATERAL (
    SELECT
        floor(date_part('epoch', least(held_until, later_hour + interval '1 hour') - later_hour) + 0.5)::integer
        AS seconds
) AS _
WHERE
    held_until > stats_hour + interval '1 hour'
    AND later_hour < held_until
    -- An hour that a status of before only reaches into counts where that is known time.
    AND seconds > 0
    AND last_status IN ('AVAILABLE', 'IN_USE', 'RESERVED', 'FAULT', 'OFFLINE', 'MAINTENANCE');

ANALYZE pg_temp.rollup_reached (number, stats_hour);
