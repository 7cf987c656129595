{# CTEs that cut each evaluated valid session (rollup_session) at the hours of the business zone, and say what each #}
{# hour gets: `slice` one row for each session and hour, `part` its part of every amount. Part of others. #}
{# `_us` are microseconds since the session's start, `_s` seconds since the start of its first hour, `_wh` Wh; #}
{# amounts of money are in 0.01 KRW. OFFSET 0 keeps the planner from computing an expression once for each use. #}
lasting AS (
    SELECT
        *,
        (1000000 * extract(epoch FROM starts - first_hour))::bigint AS into_us,
        (1000000 * extract(epoch FROM ends - starts))::bigint AS lasted_us,
        (1000000 * extract(epoch FROM ends - starts))::bigint AS charged_us,
        -- The time that no earlier session of the charger had taken already, in whole seconds.
        floor(extract(epoch FROM greatest(starts, earlier_ended) - first_hour) + 0.5)::integer AS occupied_from_s,
        floor(extract(epoch FROM ends - first_hour) + 0.5)::integer AS occupied_until_s,
        floor(extract(epoch FROM ends - first_hour) + 0.5)::integer AS charged_until_s
    FROM pg_temp.rollup_session
    WHERE reason IS NULL AND is_evaluated
    OFFSET 0
),

-- The last hour is the one that holds the last microsecond before the end.
session AS (
    SELECT
        *,
        greatest(0, (into_us + lasted_us - 1) / 3600000000)::integer AS last_hour,
        round(lasted_us / 60000000.0)::bigint AS minutes
    FROM lasting
    OFFSET 0
),

cut AS (
    SELECT
        s.*,
        hour,
        s.first_hour + hour * interval '1 hour' AS stats_hour,
        greatest(0, 3600000000 * hour - into_us) AS from_us,
        CASE WHEN hour = last_hour THEN lasted_us ELSE 3600000000 * (hour + 1) - into_us END AS until_us
    FROM session AS s
    CROSS JOIN LATERAL generate_series(0, last_hour) AS hour
    OFFSET 0
),

-- How far time, charging and parking have come at both ends of the slice, as fractions. Nothing that lasts no time is
-- divided: all of it falls into the last hour.
slice AS (
    SELECT
        *,
        from_us AS energy_from,
        greatest(1, lasted_us) AS energy_from_of,
        CASE WHEN hour = last_hour THEN greatest(1, lasted_us) ELSE until_us END AS energy_until,
        greatest(1, lasted_us) AS energy_until_of,
        from_us AS time_from,
        CASE WHEN hour = last_hour THEN greatest(1, lasted_us) ELSE until_us END AS time_until,
        greatest(1, lasted_us) AS time_of,
        least(from_us, charged_us) AS charging_from,
        CASE WHEN hour = last_hour THEN greatest(1, charged_us) ELSE least(until_us, charged_us) END AS charging_until,
        greatest(1, charged_us) AS charging_of,
        greatest(0, from_us - charged_us) AS parking_from,
        CASE
            WHEN hour = last_hour THEN greatest(1, lasted_us - charged_us) ELSE greatest(0, until_us - charged_us)
        END AS parking_until,
        greatest(1, lasted_us - charged_us) AS parking_of
    FROM cut
    OFFSET 0
),

part AS (
    SELECT
        session_id,
        charger_id,
        stats_hour,
        hour = 0 AS is_first,
        open,
        payment,
        max_power,
        {% for part, quantity, share in [
            ("energy_wh", "energy_wh", "energy"), ("energy_charge", "energy_charge", "energy"),
            ("time_charge", "time_charge", "charging"), ("parking_charge", "parking_charge", "parking"),
            ("minutes", "minutes", "time")
        ] %}
        {% set of_until, of_from = (share ~ "_until_of", share ~ "_from_of") if share == "energy"
            else (share ~ "_of", share ~ "_of") %}
        {% with passed = share ~ "_until", whole = of_until %}{% include 'rollup/_share.sql' %}{% endwith %}
        - {% with passed = share ~ "_from", whole = of_from %}{% include 'rollup/_share.sql' %}{% endwith %}
        AS {{ part | identifier }},
        {% endfor %}
        CASE WHEN hour = 0 THEN base_charge ELSE 0 END AS base_charge,
        CASE WHEN hour = 0 THEN adjustment ELSE 0 END AS adjustment,
        greatest(0, least(occupied_until_s, 3600 * (hour + 1)) - greatest(occupied_from_s, 3600 * hour)) AS occupied_s,
        greatest(0, least(charged_until_s, 3600 * (hour + 1)) - greatest(occupied_from_s, 3600 * hour)) AS charging_s
    FROM slice
    OFFSET 0
)
