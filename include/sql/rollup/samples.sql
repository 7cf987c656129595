-- Puts the meter samples that matter into the temporary table rollup_sample, each with its neighbours in time.
-- Parameters: samples, chargers (tables), whole (all of a share of the chargers, or those around rollup_span and in the
-- time of the evaluated sessions, rollup_session).
-- Bound: first_charger, end_charger, source_timezone, business_timezone, max_status_gap.
-- Locks ACCESS SHARE on what it reads.
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
),

-- A number is put in order much faster than a name.
known AS (
    SELECT
        charger_id,
        row_number() OVER () AS number
    FROM {{ chargers | identifier }}
    GROUP BY charger_id
)

SELECT
    read.sample_id,
    read.charger_id,
    read.at,
    date_trunc('hour', read.at, %(business_timezone)s) AS first_hour,
    read.register_wh,
    read.input_power,
    read.charger_status,
    lead(read.at) OVER turn AS next_at,
    lag(read.at) OVER turn AS earlier_at,
    lag(read.charger_status) OVER turn AS earlier_status
FROM read
INNER JOIN known ON known.charger_id = read.charger_id
WINDOW turn AS (PARTITION BY known.number ORDER BY read.at, read.sample_id);
