-- Holds all of charger_usage_log against the hours and the quarantine, in one snapshot: sessions, Wh, KRW. Chargers
-- with marks that no run has taken yet, or of a future that has come, are left aside on all sides. What belongs to
-- months that are detached (rollup_frozen) is what was noted of them then; sessions that came for such time since
-- (`late`) count nowhere, and are in the log.
-- Parameters: log, chargers, hourly (tables), repeatable. Bound: source_timezone, earliest_start, now,
-- future_tolerance, power_tolerance. Locks ACCESS SHARE on what it reads.
WITH pending AS MATERIALIZED (
    SELECT charger_id FROM pgpipelines.dirty_range
    UNION
    -- The next run marks these.
    SELECT charger_id FROM pgpipelines.session_finding WHERE {% include 'rollup/_due.sql' %}

),

is_settled AS MATERIALIZED (
    SELECT NOT EXISTS (SELECT FROM pending WHERE charger_id IS NULL) AS any_charger
),

read AS (
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        (SELECT any_charger FROM is_settled)
        AND coalesce(s.charger_id, '') NOT IN (SELECT charger_id FROM pending WHERE charger_id IS NOT NULL)
    OFFSET 0
),

detached AS (
    SELECT
        coalesce(sum(rows), 0) AS sessions,
        coalesce(sum(energy_wh), 0) AS energy_wh,
        coalesce(100 * sum(revenue), 0) AS revenue
    FROM pgpipelines.detached_charger
    WHERE
        table_schema = %(schema)s AND table_name = 'charger_usage_log'
        AND (SELECT any_charger FROM is_settled)
        AND charger_id NOT IN (SELECT charger_id FROM pending WHERE charger_id IS NOT NULL)
),

placed AS (
    {% with sessions = "read" %}{% include 'rollup/_placed.sql' %}{% endwith %}
),

of_log AS (
    SELECT
        count(*) + (SELECT sessions FROM detached) AS sessions,
        coalesce(sum(energy_wh), 0) + (SELECT energy_wh FROM detached) AS energy_wh,
        coalesce(sum(base_charge + energy_charge + time_charge + parking_charge + adjustment), 0)
        + (SELECT revenue FROM detached) AS revenue,
        count(*) FILTER (WHERE start_time >= f.from_time AND start_time < f.until_time) AS late
    FROM placed
    LEFT JOIN pg_temp.rollup_frozen AS f ON true
),

of_hours AS (
    SELECT
        coalesce(sum(num_sessions), 0) AS sessions,
        coalesce(1000 * sum(total_energy), 0) AS energy_wh,
        coalesce(100 * sum(total_revenue), 0) AS revenue
    FROM {{ hourly | identifier }}
    WHERE
        (SELECT any_charger FROM is_settled)
        AND charger_id NOT IN (SELECT charger_id FROM pending WHERE charger_id IS NOT NULL)
),

of_quarantine AS (
    SELECT
        count(*) AS sessions,
        coalesce(sum(energy_wh), 0) AS energy_wh,
        coalesce(100 * sum(revenue), 0) AS revenue
    FROM pgpipelines.session_finding
    WHERE
        severity = 'quarantine'
        AND (SELECT any_charger FROM is_settled)
        AND charger_id NOT IN (SELECT charger_id FROM pending WHERE charger_id IS NOT NULL)
)

SELECT
    side.name,
    side.sessions::bigint AS sessions,
    side.energy_wh::bigint AS energy_wh,
    (side.revenue / 100)::numeric(20, 2) AS revenue,
    (SELECT count(*) FROM pending) AS pending,
    (SELECT late FROM of_log) AS late
FROM (
    SELECT 'log' AS name, sessions, energy_wh, revenue FROM of_log
    UNION ALL
    SELECT 'hours' AS name, * FROM of_hours
    UNION ALL
    SELECT 'quarantine' AS name, * FROM of_quarantine
) AS side;
