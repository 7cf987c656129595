-- Puts the sessions that are to be evaluated into the temporary table rollup_session, judged, in the units of the
-- statistics, and beside each valid one when the charger's others ended and begin.
-- Parameters: log, chargers (tables), whole (everything of a share of the chargers, or what touches
-- rollup_span), repeatable (whether a transaction may be there twice). Bound: first_charger, end_charger,
-- source_timezone, business_timezone, earliest_start, now,
-- future_tolerance, power_tolerance, margin.
-- Locks ACCESS SHARE on what it reads.
CREATE TEMPORARY TABLE rollup_session ON COMMIT DROP AS
WITH
{% if whole %}
read AS (
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE {% with row = "s", nameless = true %}{% include 'rollup/_of_share.sql' %}{% endwith %}

    OFFSET 0
),

judged AS (
    {% with sessions = "read" %}{% include 'rollup/_placed.sql' %}{% endwith %}
),

evaluated AS (
    SELECT *, true AS is_evaluated FROM judged OFFSET 0
),
{% else %}
span AS (
    SELECT charger_id, from_time, until_time FROM pg_temp.rollup_span
),

near AS MATERIALIZED (
    {% with spans = "span" %}{% include 'rollup/_touching.sql' %}{% endwith %}
),

near_judged AS (
    {% with sessions = "near" %}{% include 'rollup/_placed.sql' %}{% endwith %}
),

-- Whatever else the charger did in the time of those that touch a span: it decides about overlap. Where that time is
-- all within the span, it is at hand already.
reach AS MATERIALIZED (
    SELECT DISTINCT
        n.charger_id,
        n.start_time - %(margin)s::interval AS from_time,
        n.until_time + %(margin)s::interval AS until_time
    FROM near_judged AS n
    INNER JOIN pg_temp.rollup_span AS s
        ON s.charger_id = n.charger_id AND n.starts < s.until_hour AND n.ends >= s.from_hour
    WHERE
        n.reason IS NULL
        AND (n.start_time - %(margin)s::interval < s.from_time OR n.until_time + %(margin)s::interval > s.until_time)
),

around AS MATERIALIZED (
    {% with spans = "reach" %}{% include 'rollup/_touching.sql' %}{% endwith %}
),

read AS MATERIALIZED (
    SELECT DISTINCT ON (session_id) *
    FROM (SELECT * FROM near UNION ALL SELECT * FROM around) AS either
    ORDER BY session_id
),

judged AS MATERIALIZED (
    {% with sessions = "read" %}{% include 'rollup/_placed.sql' %}{% endwith %}
),

evaluated AS (
    SELECT
        j.*,
        EXISTS (
            SELECT
            FROM pg_temp.rollup_span AS s
            WHERE
                s.charger_id = j.charger_id
                -- A span without end holds infinity too.
                AND (j.starts < s.until_hour OR s.until_hour = 'infinity')
                AND greatest(j.starts, j.ends) >= s.from_hour
        ) AS is_evaluated
    FROM judged AS j
),
{% endif %}

-- A session in quarantine stands in nobody's way.
in_turn AS (
    SELECT
        *,
        max(ends) OVER turn AS earlier_ended,
        lead(starts) OVER turn AS next_starts,
        date_trunc('hour', starts, %(business_timezone)s) AS first_hour
    FROM evaluated
    WINDOW turn AS (
        PARTITION BY charger_id, reason IS NULL
        ORDER BY starts, session_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)

SELECT
    *,
    coalesce(earlier_ended > starts, false) AS is_overlapping,
    coalesce(next_starts < ends, false) AS is_overlapped,
    -- Microseconds: from the start of the first hour to that of the session, and from there to its end. date_part is
    -- much faster than extract, and exact for decades.
    CASE WHEN reason IS NULL THEN (1000000 * date_part('epoch', starts - first_hour))::bigint END AS into_us,
    CASE WHEN reason IS NULL THEN (1000000 * date_part('epoch', ends - starts))::bigint END AS lasted_us
FROM in_turn;

CREATE INDEX ON pg_temp.rollup_session (charger_id);
ANALYZE pg_temp.rollup_session (session_id, charger_id, starts, ends, reason, is_evaluated);
