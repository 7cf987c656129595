-- The shape of each session that its meter tells, as the temporary table rollup_shape: knots, which are moments
-- (microseconds since the start) and the register (Wh) at each. Between knots energy flows evenly.
-- A meter tells the shape where it was read at the start, in between and, of a closed session, at the end; never fell,
-- but rose, by a million kWh at most; was silent for no longer than two sample periods; and served nobody else.
-- Parameters: none. Bound: sample_period. Locks nothing.
CREATE TEMPORARY TABLE rollup_shape ON COMMIT DROP AS
WITH metered AS (
    SELECT
        session_id,
        open,
        lasted_us,
        meter_start_wh,
        meter_end_wh
    FROM pg_temp.rollup_session
    WHERE
        reason IS NULL
        AND is_evaluated
        AND NOT is_overlapping
        AND NOT is_overlapped
        AND meter_start_wh IS NOT NULL
        AND (open OR meter_end_wh IS NOT NULL)
        AND session_id IN (SELECT session_id FROM pg_temp.rollup_reading WHERE register_wh IS NOT NULL)
),

reading AS (
    SELECT session_id, 0 AS at_us, meter_start_wh AS register_wh
    FROM metered
    UNION ALL
    SELECT m.session_id, (1000000 * date_part('epoch', r.since_start))::bigint, r.register_wh
    FROM metered AS m
    INNER JOIN pg_temp.rollup_reading AS r ON r.session_id = m.session_id
    WHERE r.register_wh IS NOT NULL
    UNION ALL
    SELECT session_id, lasted_us, meter_end_wh
    FROM metered
    WHERE NOT open
),

-- Of several readings of one moment, the greatest.
knot AS (
    SELECT
        session_id,
        at_us,
        max(register_wh) AS register_wh
    FROM reading
    GROUP BY session_id, at_us
),

stepped AS (
    SELECT
        *,
        register_wh < lag(register_wh) OVER turn AS fell,
        at_us - lag(at_us) OVER turn > 2 * (1000000 * extract(epoch FROM %(sample_period)s::interval))::bigint AS silent
    FROM knot
    WINDOW turn AS (PARTITION BY session_id ORDER BY at_us)
),

shape AS (
    SELECT
        session_id,
        array_agg(at_us ORDER BY at_us) AS knots_us,
        array_agg(register_wh ORDER BY at_us) AS registers_wh,
        max(register_wh) AS last_register_wh,
        max(register_wh) - min(register_wh) AS rise_wh
    FROM stepped
    GROUP BY session_id
    HAVING NOT coalesce(bool_or(fell), false) AND NOT coalesce(bool_or(silent), false)
)

SELECT
    session_id,
    knots_us,
    registers_wh,
    -- Charging ended when the register had its last value for the first time.
    knots_us[array_position(registers_wh, last_register_wh)] AS charged_us
FROM shape
WHERE rise_wh > 0 AND rise_wh <= 1000000000;

ANALYZE pg_temp.rollup_shape;
