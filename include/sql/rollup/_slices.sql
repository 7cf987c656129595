{# CTEs that cut each evaluated valid session (rollup_session) at the hours of the business zone, and say what each #}
{# hour gets: `slice` one row for each session and hour, `part` its part of every amount. Part of others. #}
{# `_us` are microseconds since the session's start, `_s` seconds since the start of its first hour, `_wh` Wh; #}
{# amounts of money are in 0.01 KRW. OFFSET 0 keeps the planner from computing an expression once for each use, #}
{# ORDER BY lets it know that only the hours of one charger are still to be put in order. #}
session AS (
    SELECT
        s.session_id,
        c.number,
        s.starts,
        s.ends,
        s.open,
        s.energy_wh,
        s.base_charge,
        s.energy_charge,
        s.time_charge,
        s.parking_charge,
        s.adjustment,
        s.payment,
        s.max_power,
        s.first_hour,
        s.into_us,
        s.lasted_us,
        -- By the meter's knots (rollup_shape), where they tell; else a session charges evenly until its end.
        m.knots_us,
        m.registers_wh,
        coalesce(m.charged_us, s.lasted_us) AS charged_us,
        -- The last hour is the one that holds the last microsecond before the end.
        greatest(0, (s.into_us + s.lasted_us - 1) / 3600000000)::integer AS last_hour,
        (s.lasted_us + 30000000) / 60000000 AS minutes,
        -- The time that no earlier session of the charger had taken already, in whole seconds.
        CASE
            WHEN s.is_overlapping THEN floor(extract(epoch FROM s.earlier_ended - s.first_hour) + 0.5)::bigint
            ELSE (s.into_us + 500000) / 1000000
        END AS occupied_from_s,
        (s.into_us + s.lasted_us + 500000) / 1000000 AS occupied_until_s,
        (s.into_us + coalesce(m.charged_us, s.lasted_us) + 500000) / 1000000 AS charged_until_s
    FROM pg_temp.rollup_session AS s
    INNER JOIN pg_temp.rollup_charger AS c ON c.charger_id = s.charger_id
    LEFT JOIN pg_temp.rollup_shape AS m ON m.session_id = s.session_id
    WHERE s.reason IS NULL AND s.is_evaluated
    ORDER BY c.number
    OFFSET 0
),

of_hour AS (
    SELECT
        *,
        generate_series(0, last_hour) AS hour
    FROM session
    ORDER BY number
    OFFSET 0
),

cut AS (
    SELECT
        *,
        greatest(1, lasted_us) AS time_of,
        greatest(1, charged_us) AS charging_of,
        greatest(1, lasted_us - charged_us) AS parking_of,
        first_hour + hour * interval '1 hour' AS stats_hour,
        greatest(0, 3600000000 * hour - into_us) AS from_us,
        CASE WHEN hour < last_hour THEN 3600000000 * (hour + 1) - into_us ELSE lasted_us END AS until_us
    FROM of_hour
    ORDER BY number
    OFFSET 0
),

-- How far time, charging and parking have come at both ends of the slice, as fractions. What lasts no time is not
-- divided: all of it falls into the last hour.
progress AS (
    SELECT
        *,
        from_us AS time_from,
        CASE WHEN hour < last_hour THEN until_us ELSE time_of END AS time_until,
        least(from_us, charged_us) AS charging_from,
        CASE WHEN hour < last_hour THEN least(until_us, charged_us) ELSE charging_of END AS charging_until,
        greatest(0, from_us - charged_us) AS parking_from,
        CASE WHEN hour < last_hour THEN greatest(0, until_us - charged_us) ELSE parking_of END AS parking_until,
        -- The knot before each end of the slice.
        CASE WHEN knots_us IS NOT NULL THEN width_bucket(from_us, knots_us) END AS from_knot,
        CASE WHEN knots_us IS NOT NULL AND hour < last_hour THEN width_bucket(until_us, knots_us) END AS until_knot
    FROM cut
    ORDER BY number
    OFFSET 0
),

-- The same of energy: by the register, which goes evenly from knot to knot; else by time.
flow AS (
    SELECT
        *,
        {% for side in ["from", "until"] %}
        {% set at, knot, time = side ~ "_us", side ~ "_knot", "time_" ~ side %}
        CASE
            WHEN {{ knot | identifier }} IS NULL THEN {{ time | identifier }}
            WHEN {{ knot | identifier }} = cardinality(knots_us) THEN 1
            ELSE
                (registers_wh[{{ knot | identifier }}] - registers_wh[1])
                * (knots_us[{{ knot | identifier }} + 1] - knots_us[{{ knot | identifier }}])
                + (registers_wh[{{ knot | identifier }} + 1] - registers_wh[{{ knot | identifier }}])
                * ({{ at | identifier }} - knots_us[{{ knot | identifier }}])
        END AS {{ ("flow_" ~ side) | identifier }},
        CASE
            WHEN {{ knot | identifier }} IS NULL THEN time_of
            WHEN {{ knot | identifier }} = cardinality(knots_us) THEN 1
            ELSE
                (registers_wh[cardinality(registers_wh)] - registers_wh[1])
                * (knots_us[{{ knot | identifier }} + 1] - knots_us[{{ knot | identifier }}])
        END AS {{ ("flow_" ~ side ~ "_of") | identifier }}{% if not loop.last %},{% endif %}

        {% endfor %}
    FROM progress
    ORDER BY number
    OFFSET 0
),

-- In lowest terms, so that products stay small.
reduced AS (
    SELECT
        *,
        CASE WHEN knots_us IS NOT NULL THEN gcd(flow_from, flow_from_of) ELSE 1 END AS from_divisor,
        CASE WHEN knots_us IS NOT NULL THEN gcd(flow_until, flow_until_of) ELSE 1 END AS until_divisor
    FROM flow
    ORDER BY number
    OFFSET 0
),

slice AS (
    SELECT
        *,
        {% for side in ["from", "until"] %}
        {% set n, d, divisor = "flow_" ~ side, "flow_" ~ side ~ "_of", side ~ "_divisor" %}
        {{ n | identifier }} / {{ divisor | identifier }} AS {{ ("energy_" ~ side) | identifier }},
        {{ d | identifier }} / {{ divisor | identifier }} AS {{ ("energy_" ~ side ~ "_of") | identifier }}
        {%- if not loop.last %},{% endif %}

        {% endfor %}
    FROM reduced
    ORDER BY number
    OFFSET 0
),

part AS (
    SELECT
        session_id,
        number,
        stats_hour,
        hour = 0 AS is_first,
        knots_us IS NOT NULL AS is_metered,
        open,
        payment,
        max_power,
        {% for quantity, share in [
            ("energy_wh", "energy"), ("energy_charge", "energy"), ("time_charge", "charging"),
            ("parking_charge", "parking"), ("minutes", "time")
        ] %}
        {% set of_until, of_from = (share ~ "_until_of", share ~ "_from_of") if share == "energy"
            else (share ~ "_of", share ~ "_of") %}
        {% with passed = share ~ "_until", whole = of_until %}{% include 'rollup/_share.sql' %}{% endwith %}
        - {% with passed = share ~ "_from", whole = of_from %}{% include 'rollup/_share.sql' %}{% endwith %}
        AS {{ quantity | identifier }},
        {% endfor %}
        CASE WHEN hour = 0 THEN base_charge ELSE 0 END AS base_charge,
        CASE WHEN hour = 0 THEN adjustment ELSE 0 END AS adjustment,
        greatest(0, least(occupied_until_s, 3600 * (hour + 1)) - greatest(occupied_from_s, 3600 * hour))::integer
        AS occupied_s,
        greatest(0, least(charged_until_s, 3600 * (hour + 1)) - greatest(occupied_from_s, 3600 * hour))::integer
        AS charging_s
    FROM slice
    ORDER BY number
    OFFSET 0
)
