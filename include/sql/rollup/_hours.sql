{# The buckets (charger, hour), whole, of all sessions and samples that were evaluated: each figure's definition. #}
{# Part of hours.sql and stream_hours.sql; reads rollup_charger, rollup_session, rollup_shape, #}
{# rollup_reading, rollup_status and rollup_reached. #}
{# Parameters: whole (all of a share of the chargers). Bound: business_timezone, now. #}
WITH
{% include 'rollup/_slices.sql' %},

of_sessions AS (
    SELECT
        number,
        stats_hour,
        count(*) FILTER (WHERE is_first) AS num_sessions,
        count(*) AS active_sessions,
        pgpipelines.total(energy_wh) AS energy_wh,
        pgpipelines.total(energy_wh) FILTER (WHERE is_metered) AS metered_wh,
        sum(minutes::integer) AS minutes,
        pgpipelines.total(base_charge) AS base_charge,
        pgpipelines.total(energy_charge) AS energy_charge,
        pgpipelines.total(time_charge) AS time_charge,
        pgpipelines.total(parking_charge) AS parking_charge,
        pgpipelines.total(adjustment) AS adjustment,
        pgpipelines.total(revenue) AS revenue,
        pgpipelines.total(revenue) FILTER (WHERE payment = 'completed') AS revenue_completed,
        pgpipelines.total(revenue) FILTER (WHERE payment = 'failed') AS revenue_failed,
        pgpipelines.total(revenue) FILTER (WHERE payment = 'pending') AS revenue_pending,
        sum(occupied_s) AS occupied_seconds,
        sum(charging_s) AS charging_seconds,
        max(max_power) AS max_power,
        bool_or(open) AS provisional
    FROM part
    CROSS JOIN LATERAL (SELECT base_charge + energy_charge + time_charge + parking_charge + adjustment AS revenue) AS _
    GROUP BY number, stats_hour
),

read AS (
    SELECT
        number,
        {% include 'rollup/_hour.sql' %} AS stats_hour,
        input_power
    FROM (
        SELECT number, hour_origin, unnest(ats) AS at, unnest(powers) AS input_power
        FROM pg_temp.rollup_reading
        ORDER BY number
        OFFSET 0
    ) AS unnested
    ORDER BY number
    OFFSET 0
),

of_readings AS (
    SELECT
        number,
        stats_hour,
        max(input_power) AS max_power
    FROM read
    GROUP BY number, stats_hour
){% if whole %},

-- What an hour is called, once for all chargers: a time zone is asked only for hours that are not in this list, such as
-- those of a sample of another millennium.
calendar AS MATERIALIZED (
    SELECT
        stats_hour,
        stats_hour AT TIME ZONE 'UTC' AS utc_hour,
        (stats_hour AT TIME ZONE %(business_timezone)s)::date AS stats_date,
        {% with hour = "stats_hour" %}{% include 'rollup/_hour_key.sql' %}{% endwith %} AS hour_key
    FROM (
        SELECT min(first_moment) AS first_moment, max(last_moment) AS last_moment
        FROM (
            SELECT min(starts) AS first_moment, max(ends) AS last_moment
            FROM pg_temp.rollup_session
            WHERE reason IS NULL AND is_evaluated
            UNION ALL
            SELECT min(ats[1]) AS first_moment, max(ats[cardinality(ats)]) AS last_moment
            FROM pg_temp.rollup_sample
        ) AS either
    ) AS listed
    CROSS JOIN LATERAL generate_series(
        date_trunc('hour', greatest(first_moment, '2000-01-01'), %(business_timezone)s),
        least(last_moment, %(now)s::timestamptz + interval '1 day'),
        interval '1 hour'
    ) AS stats_hour
)
{% endif %}

SELECT
    charger_id,
    {% if whole %}coalesce(c.utc_hour, {% endif %}stats_hour AT TIME ZONE 'UTC'{% if whole %}){% endif %} AS stats_hour,
    coalesce(s.num_sessions, 0) AS num_sessions,
    -- Many amounts are zero: these need no exact arithmetic.
    CASE WHEN s.energy_wh <> 0 THEN 0.001 * s.energy_wh ELSE 0 END AS total_energy,
    coalesce(s.minutes, 0) AS total_duration_minutes,
    CASE WHEN s.revenue <> 0 THEN 0.01 * s.revenue ELSE 0 END AS total_revenue,
    -- kWh for each hour of use, in whole W.
    CASE
        WHEN s.occupied_seconds > 0
            THEN (2 * 3600 * s.energy_wh + s.occupied_seconds) / (2 * s.occupied_seconds) / 1000.0::float8
    END AS avg_power,
    coalesce(r.max_power, s.max_power) AS max_power,
    {% if whole %}coalesce(c.stats_date, {% endif %}(stats_hour AT TIME ZONE %(business_timezone)s)::date
    {%- if whole %}){% endif %} AS stats_date,
    {% if whole %}coalesce(c.hour_key, {% endif %}
    {% with hour = "stats_hour" %}{% include 'rollup/_hour_key.sql' %}{% endwith %}
    {%- if whole %}){% endif %} AS hour_key,
    coalesce(s.active_sessions, 0) AS active_sessions,
    coalesce(s.occupied_seconds, 0) AS occupied_seconds,
    coalesce(s.charging_seconds, 0) AS charging_seconds,
    CASE WHEN s.base_charge <> 0 THEN 0.01 * s.base_charge ELSE 0 END AS base_charge,
    CASE WHEN s.energy_charge <> 0 THEN 0.01 * s.energy_charge ELSE 0 END AS energy_charge,
    CASE WHEN s.time_charge <> 0 THEN 0.01 * s.time_charge ELSE 0 END AS time_charge,
    CASE WHEN s.parking_charge <> 0 THEN 0.01 * s.parking_charge ELSE 0 END AS parking_charge,
    CASE WHEN s.adjustment <> 0 THEN 0.01 * s.adjustment ELSE 0 END AS adjustment,
    CASE WHEN s.revenue_completed <> 0 THEN 0.01 * s.revenue_completed ELSE 0 END AS revenue_completed,
    CASE WHEN s.revenue_pending <> 0 THEN 0.01 * s.revenue_pending ELSE 0 END AS revenue_pending,
    CASE WHEN s.revenue_failed <> 0 THEN 0.01 * s.revenue_failed ELSE 0 END AS revenue_failed,
    CASE WHEN s.metered_wh <> 0 THEN 0.001 * s.metered_wh ELSE 0 END AS metered_energy,
    coalesce(s.provisional, false) AS provisional,
    coalesce(a.up_seconds, 0) + coalesce(b.up_seconds, 0) AS up_seconds,
    coalesce(a.down_seconds, 0) + coalesce(b.down_seconds, 0) AS down_seconds,
    coalesce(a.maintenance_seconds, 0) + coalesce(b.maintenance_seconds, 0) AS maintenance_seconds,
    coalesce(a.fault_count, 0) AS fault_count,
    a.last_status
FROM (
    -- Whatever was read in a session is a sample of that hour.
    pg_temp.rollup_status AS a LEFT JOIN of_readings AS r USING (number, stats_hour)
)
FULL JOIN of_sessions AS s USING (number, stats_hour)
FULL JOIN pg_temp.rollup_reached AS b USING (number, stats_hour)
INNER JOIN pg_temp.rollup_charger AS known USING (number)
{% if whole %}
LEFT JOIN calendar AS c USING (stats_hour)
{% endif %}
