-- Closes the marks: every valid session that touches a mark adds its whole time, and all of it is widened to whole
-- hours of the business zone. The result is rollup_span, disjoint ranges of each charger's time: the buckets to compute
-- anew.
-- Parameters: log, chargers, daily (tables), repeatable. Bound: source_timezone, business_timezone,
-- earliest_start, now, future_tolerance, power_tolerance, margin (what raw time may differ from its order by).
-- Locks ACCESS SHARE on what it reads.
--
-- A session that is open may have counted for longer than it does now, up to any later sample: it adds everything
-- since its start, where a mark touches the time that it can have.
CREATE TEMPORARY TABLE rollup_span ON COMMIT DROP AS
WITH marked AS (
    SELECT charger_id, from_time, until_time
    FROM pg_temp.rollup_mark
    WHERE charger_id IS NOT NULL
    UNION ALL
    SELECT known.charger_id, m.from_time, m.until_time
    FROM pg_temp.rollup_mark AS m
    CROSS JOIN (
        SELECT ''::text AS charger_id
        UNION
        SELECT charger_id FROM {{ chargers | identifier }}
        UNION
        SELECT charger_id FROM {{ daily | identifier }}
    ) AS known
    WHERE
        m.charger_id IS NULL
        -- EXISTS alone decides, once, whether any charger is listed at all.
        AND EXISTS (SELECT FROM pg_temp.rollup_mark WHERE charger_id IS NULL)
),

{% if repeatable %}own_{% endif %}mark AS MATERIALIZED (
    SELECT
        charger_id,
        lower(span) - %(margin)s::interval AS from_time,
        upper(span) + %(margin)s::interval AS until_time
    FROM (
        SELECT charger_id, unnest(range_agg(tsrange(from_time, until_time, '[]'))) AS span
        FROM marked
        GROUP BY charger_id
    ) AS merged
),

{% if repeatable %}
own_near AS MATERIALIZED (
    {% with spans = "own_mark" %}{% include 'rollup/_touching.sql' %}{% endwith %}
),

-- Which of two versions of a transaction counts may have changed, wherever the other one is: its time is marked too.
twin AS MATERIALIZED (
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        s.transaction_id IN (
            SELECT unnest(transaction_ids) FROM pg_temp.rollup_mark
            UNION
            SELECT transaction_id FROM own_near
        )
),

mark AS MATERIALIZED (
    SELECT charger_id, from_time, until_time FROM own_mark
    UNION ALL
    SELECT
        charger_id,
        least(start_time, end_time) - %(margin)s::interval,
        greatest(start_time, coalesce(end_time, 'infinity')) + %(margin)s::interval
    FROM twin
),
{% endif %}

near AS MATERIALIZED (
    {% with spans = "mark" %}{% include 'rollup/_touching.sql' %}{% endwith %}
),

touched AS MATERIALIZED (
    SELECT DISTINCT ON (session_id) *
    FROM (SELECT * FROM near{% if repeatable %} UNION ALL SELECT * FROM twin{% endif %}) AS either
    ORDER BY session_id
),

touching AS (
    {% with sessions = "touched" %}{% include 'rollup/_placed.sql' %}{% endwith %}
),

extent AS (
    SELECT charger_id, from_time, until_time FROM mark
    UNION ALL
    SELECT
        t.charger_id,
        t.start_time - %(margin)s::interval,
        CASE WHEN t.open THEN 'infinity' ELSE t.until_time + %(margin)s::interval END
    FROM touching AS t
    WHERE
        t.reason IS NULL
        AND (
            NOT t.open
            OR EXISTS (
                SELECT
                FROM mark AS m
                WHERE m.charger_id = t.charger_id AND m.from_time <= t.may_last_until AND m.until_time >= t.start_time
            )
        )
),

widened AS (
    SELECT
        charger_id,
        unnest(range_agg(tstzrange(
            date_trunc('hour', from_time AT TIME ZONE %(source_timezone)s, %(business_timezone)s),
            date_trunc('hour', until_time AT TIME ZONE %(source_timezone)s, %(business_timezone)s)
            + interval '1 hour',
            CASE WHEN isfinite(until_time) THEN '[)' ELSE '[]' END
        ))) AS span
    FROM extent
    GROUP BY charger_id
)

SELECT
    charger_id,
    lower(span) AS from_hour,
    upper(span) AS until_hour,
    lower(span) AT TIME ZONE %(source_timezone)s - %(margin)s::interval AS from_time,
    upper(span) AT TIME ZONE %(source_timezone)s + %(margin)s::interval AS until_time
FROM widened;

CREATE INDEX ON pg_temp.rollup_span (charger_id);
ANALYZE pg_temp.rollup_span;
