{# Days of chargers from their hours: each figure's definition. Part of days.sql and stream_days.sql. #}
{# Parameters: hourly (table), whole (every day of a share of the chargers, or those in rollup_day). Bound: #}
{# business_timezone, maintenance_faults, uptime_target, first_charger, end_charger. #}
WITH hour_row AS (
    {% if whole %}
    SELECT h.*
    FROM {{ hourly | identifier }} AS h
    WHERE {% with row = "h", nameless = false %}{% include 'rollup/_of_share.sql' %}{% endwith %}

    {% else %}
    SELECT h.*
    FROM pg_temp.rollup_day AS d
    INNER JOIN {{ hourly | identifier }} AS h
        ON
            h.charger_id = d.charger_id
            AND h.stats_date = d.stats_date
            -- Where a clock shows midnight twice, PostgreSQL takes the second; the day begins with the first.
            AND h.stats_hour
            >= (d.stats_date::timestamp AT TIME ZONE %(business_timezone)s) AT TIME ZONE 'UTC' - interval '1 hour'
            AND h.stats_hour < ((d.stats_date + 1)::timestamp AT TIME ZONE %(business_timezone)s) AT TIME ZONE 'UTC'
    {% endif %}
),

charger_day AS MATERIALIZED (
    SELECT
        charger_id,
        stats_date,
        array_agg(hour_key) AS hour_keys,
        sum(num_sessions) AS num_sessions,
        sum(total_energy) AS total_energy,
        sum(total_duration_minutes) AS total_duration_minutes,
        sum(total_revenue) AS total_revenue,
        string_agg('"' || hour_key || '": ' || total_energy, ', ') AS hourly_energy,
        string_agg('"' || hour_key || '": ' || num_sessions, ', ') AS hourly_sessions,
        string_agg('"' || hour_key || '": ' || total_revenue, ', ') AS hourly_revenue,
        sum(fault_count) AS fault_count,
        sum(active_sessions) AS active_sessions,
        sum(occupied_seconds) AS occupied_seconds,
        sum(charging_seconds) AS charging_seconds,
        sum(base_charge) AS base_charge,
        sum(energy_charge) AS energy_charge,
        sum(time_charge) AS time_charge,
        sum(parking_charge) AS parking_charge,
        sum(adjustment) AS adjustment,
        sum(revenue_completed) AS revenue_completed,
        sum(revenue_pending) AS revenue_pending,
        sum(revenue_failed) AS revenue_failed,
        sum(metered_energy) AS metered_energy,
        bool_or(provisional) AS provisional,
        sum(up_seconds) AS up_seconds,
        sum(down_seconds) AS down_seconds,
        sum(maintenance_seconds) AS maintenance_seconds,
        (array_agg(last_status ORDER BY stats_hour DESC) FILTER (WHERE last_status IS NOT NULL))[1] AS last_status
    FROM hour_row
    GROUP BY charger_id, stats_date
),

-- The days that occur, how long each is, and its hours: where clocks change, 23 or 25.
calendar AS MATERIALIZED (
    SELECT
        stats_date,
        extract(epoch FROM max(hour) - min(hour))::bigint + 3600 AS seconds,
        array_agg(hour_key) AS hour_keys
    FROM (
        SELECT
            stats_date,
            hour,
            {% with hour = "hour" %}{% include 'rollup/_hour_key.sql' %}{% endwith %} AS hour_key
        FROM (SELECT DISTINCT stats_date FROM charger_day) AS occurring
        CROSS JOIN LATERAL generate_series(
            stats_date::timestamp AT TIME ZONE %(business_timezone)s - interval '1 hour',
            (stats_date + 1)::timestamp AT TIME ZONE %(business_timezone)s,
            interval '1 hour'
        ) AS hour
        WHERE (hour AT TIME ZONE %(business_timezone)s)::date = stats_date
    ) AS listed
    GROUP BY stats_date
),

-- The days of a station's chargers, which are read together, are to lie together.
by_date AS (
    SELECT * FROM charger_day ORDER BY stats_date, charger_id OFFSET 0
)

SELECT
    d.charger_id,
    d.stats_date,
    d.num_sessions,
    d.total_energy,
    d.total_duration_minutes,
    d.total_revenue,
    -- Null where its given column could not hold it.
    CASE
        WHEN abs(d.total_revenue) < 99999999.995 * d.num_sessions THEN round(d.total_revenue / d.num_sessions, 2)
    END AS avg_charge_per_session,
    -- Text where it is streamed: the table that it goes into reads it as jsonb.
    {% for hourly in ["hourly_energy", "hourly_sessions", "hourly_revenue"] %}
    ('{' || concat_ws(', ', d.{{ hourly | identifier }}, e.{{ hourly | identifier }}) || '}')
    {%- if not whole %}::jsonb{% endif %} AS {{ hourly | identifier }},
    {% endfor %}
    {% include 'rollup/_uptime.sql' %} AS uptime_percentage,
    d.fault_count,
    d.fault_count >= %(maintenance_faults)s
    OR (
        100 * d.up_seconds < %(uptime_target)s * (d.up_seconds + d.down_seconds)
        AND d.up_seconds + d.down_seconds + d.maintenance_seconds >= 12 * 3600
    ) AS maintenance_required,
    d.active_sessions,
    d.occupied_seconds,
    d.charging_seconds,
    d.base_charge,
    d.energy_charge,
    d.time_charge,
    d.parking_charge,
    d.adjustment,
    d.revenue_completed,
    d.revenue_pending,
    d.revenue_failed,
    d.metered_energy,
    d.provisional,
    d.up_seconds,
    d.down_seconds,
    d.maintenance_seconds,
    c.seconds - d.up_seconds - d.down_seconds - d.maintenance_seconds AS unknown_seconds,
    d.last_status
FROM by_date AS d
INNER JOIN calendar AS c ON c.stats_date = d.stats_date
-- Hours without a row have nothing.
CROSS JOIN LATERAL (
    SELECT
        string_agg('"' || hour_key || '": 0.000', ', ') AS hourly_energy,
        string_agg('"' || hour_key || '": 0', ', ') AS hourly_sessions,
        string_agg('"' || hour_key || '": 0.00', ', ') AS hourly_revenue
    FROM unnest(c.hour_keys) AS hour_key
    WHERE hour_key <> ALL(d.hour_keys)
) AS e
