-- Computes whole buckets (charger, hour) from all sessions and samples that touch them, into the temporary table
-- rollup_hour.
-- Parameters: whole (every bucket, or those in rollup_span).
-- Bound: business_timezone. Locks ACCESS SHARE on what it reads.
CREATE TEMPORARY TABLE rollup_hour ON COMMIT DROP AS
WITH
{% include 'rollup/_slices.sql' %},

of_sessions AS (
    SELECT
        charger_id,
        stats_hour,
        count(*) FILTER (WHERE is_first) AS num_sessions,
        count(*) AS active_sessions,
        sum(energy_wh) AS energy_wh,
        sum(minutes) AS minutes,
        sum(base_charge) AS base_charge,
        sum(energy_charge) AS energy_charge,
        sum(time_charge) AS time_charge,
        sum(parking_charge) AS parking_charge,
        sum(adjustment) AS adjustment,
        sum(revenue) AS revenue,
        coalesce(sum(revenue) FILTER (WHERE payment = 'completed'), 0) AS revenue_completed,
        coalesce(sum(revenue) FILTER (WHERE payment = 'failed'), 0) AS revenue_failed,
        sum(occupied_s) AS occupied_seconds,
        sum(charging_s) AS charging_seconds,
        max(max_power) AS max_power,
        bool_or(open) AS provisional
    FROM part
    CROSS JOIN LATERAL (SELECT base_charge + energy_charge + time_charge + parking_charge + adjustment AS revenue) AS _
    GROUP BY charger_id, stats_hour
)

SELECT
    charger_id,
    stats_hour AT TIME ZONE 'UTC' AS stats_hour,
    num_sessions,
    energy_wh * 0.001 AS total_energy,
    minutes AS total_duration_minutes,
    revenue * 0.01 AS total_revenue,
    CASE
        WHEN occupied_seconds > 0
            THEN ((2 * 3600 * energy_wh::bigint + occupied_seconds) / (2 * occupied_seconds)) / 1000.0::float8
    END AS avg_power,
    max_power,
    (stats_hour AT TIME ZONE %(business_timezone)s)::date AS stats_date,
    {% with hour = "stats_hour" %}{% include 'rollup/_hour_key.sql' %}{% endwith %} AS hour_key,
    active_sessions,
    occupied_seconds,
    charging_seconds,
    base_charge * 0.01 AS base_charge,
    energy_charge * 0.01 AS energy_charge,
    time_charge * 0.01 AS time_charge,
    parking_charge * 0.01 AS parking_charge,
    adjustment * 0.01 AS adjustment,
    revenue_completed * 0.01 AS revenue_completed,
    (revenue - revenue_completed - revenue_failed) * 0.01 AS revenue_pending,
    revenue_failed * 0.01 AS revenue_failed,
    0 AS metered_energy,
    provisional
FROM of_sessions AS b
{% if not whole %}
WHERE
    EXISTS (
        SELECT
        FROM pg_temp.rollup_span AS s
        WHERE s.charger_id = b.charger_id AND b.stats_hour >= s.from_hour AND b.stats_hour < s.until_hour
    )
{% endif %};
