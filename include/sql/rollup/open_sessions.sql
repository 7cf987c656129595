-- How long valid open sessions last, provisionally: until the last sample before the charger's next valid session. Into
-- the temporary table rollup_open, for the chargers in question. A sample of the future does not count before its time
-- has come: the first of these is kept beside (ahead_at). A meter whose clock is off would fill every hour until then.
-- Parameters: log, samples, chargers (tables), whole (every charger of a share, or those in rollup_mark), repeatable.
-- Bound: source_timezone, earliest_start, now, future_tolerance, power_tolerance, margin, first_charger, end_charger.
-- Locks ACCESS SHARE on what it reads.
CREATE TEMPORARY TABLE rollup_open ON COMMIT DROP AS
WITH open AS MATERIALIZED (
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        (s.end_time IS NULL OR s.end_time > s.start_time + interval '48 hours')
        AND (s.end_time IS NULL OR s.end_time = 'infinity')
        {% if whole or repeatable %}
        AND {% with row = "s", nameless = true %}{% include 'rollup/_of_share.sql' %}{% endwith %}
        {% else %}
        AND (
            s.charger_id IN (SELECT charger_id FROM pg_temp.rollup_mark)
            OR EXISTS (SELECT FROM pg_temp.rollup_mark WHERE charger_id IS NULL)
        )
        {% endif %}
)

SELECT
    o.session_id,
    coalesce(next_session.start_time, 'infinity') AS may_last_until,
    last_sample.measurement_time AS until_time,
    last_sample.measurement_time AT TIME ZONE %(source_timezone)s AS ends,
    (1000 * nullif(last_sample.cumulative_energy, 'NaN'))::bigint AS register_wh,
    sample_ahead.measurement_time AS ahead_at
FROM open AS o
LEFT JOIN {{ chargers | identifier }} AS c ON c.charger_id = o.charger_id
LEFT JOIN LATERAL (
    SELECT n.start_time
    FROM (
        {% include 'rollup/_session.sql' %}
        FROM {{ log | identifier }} AS s
        WHERE s.charger_id = o.charger_id AND s.start_time >= o.start_time
    ) AS n
    WHERE
        (n.start_time > o.start_time OR n.session_id > o.session_id)
        AND {% with row = "n", charger = "c" %}{% include 'rollup/_reason.sql' %}{% endwith %} IS NULL
    ORDER BY n.start_time, n.session_id
    LIMIT 1
) AS next_session ON true
LEFT JOIN LATERAL (
    SELECT p.measurement_time, p.cumulative_energy
    FROM {{ samples | identifier }} AS p
    WHERE
        p.charger_id = o.charger_id
        AND p.measurement_time >= o.start_time
        AND isfinite(p.measurement_time)
        AND p.measurement_time AT TIME ZONE %(source_timezone)s <= %(now)s::timestamptz + %(future_tolerance)s::interval
        AND (next_session.start_time IS NULL OR p.measurement_time < next_session.start_time)
    ORDER BY p.measurement_time DESC, p.cumulative_energy DESC NULLS LAST
    LIMIT 1
) AS last_sample ON true
LEFT JOIN LATERAL (
    SELECT min(p.measurement_time) AS measurement_time
    FROM {{ samples | identifier }} AS p
    WHERE
        p.charger_id = o.charger_id
        AND p.measurement_time >= o.start_time
        AND p.measurement_time
        > (%(now)s::timestamptz + %(future_tolerance)s::interval) AT TIME ZONE %(source_timezone)s
        - %(margin)s::interval
        AND isfinite(p.measurement_time)
        AND p.measurement_time AT TIME ZONE %(source_timezone)s > %(now)s::timestamptz + %(future_tolerance)s::interval
        AND (next_session.start_time IS NULL OR p.measurement_time < next_session.start_time)
) AS sample_ahead ON true
WHERE {% with row = "o", charger = "c" %}{% include 'rollup/_reason.sql' %}{% endwith %} IS NULL;

ANALYZE pg_temp.rollup_open;
