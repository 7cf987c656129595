-- Puts the meter samples that matter into the temporary table rollup_sample, each with its neighbours in time.
-- Parameters: samples, chargers (tables), whole (all of a share of the chargers, or those around rollup_span and in the
-- time of the evaluated sessions, rollup_session).
-- Bound: first_charger, end_charger, source_timezone, max_status_gap. Locks ACCESS SHARE on what it reads.
CREATE TEMPORARY TABLE rollup_sample ON COMMIT DROP AS
WITH read AS (
    {% if whole %}
    {% include 'rollup/_sample.sql' %}
    WHERE
        {% with row = "p" %}{% include 'rollup/_of_share.sql' %}{% endwith %}

        AND isfinite(p.measurement_time)
    {% else %}
    SELECT DISTINCT ON (sample_id) found.*
    FROM (
        SELECT charger_id, from_time - %(max_status_gap)s::interval AS from_time, until_time
        FROM pg_temp.rollup_span
        UNION ALL
        SELECT charger_id, start_time, until_time
        FROM pg_temp.rollup_session
        WHERE reason IS NULL AND is_evaluated
    ) AS span
    CROSS JOIN LATERAL (
        {% include 'rollup/_sample.sql' %}
        WHERE
            p.charger_id = span.charger_id
            AND p.measurement_time >= span.from_time
            AND p.measurement_time <= span.until_time
            AND isfinite(p.measurement_time)
    ) AS found
    {% endif %}
)

SELECT
    *,
    lead(at) OVER turn AS next_at,
    lag(at) OVER turn AS earlier_at,
    lag(charger_status) OVER turn AS earlier_status
FROM read
WHERE EXISTS (SELECT FROM {{ chargers | identifier }} AS c WHERE c.charger_id = read.charger_id)
WINDOW turn AS (PARTITION BY charger_id ORDER BY at, sample_id);
