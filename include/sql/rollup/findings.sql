-- What was found in the evaluated sessions (rollup_session), as the temporary table rollup_finding: one row for each
-- session in quarantine, one for each flag of the others.
-- Parameters: none. Locks nothing.
CREATE TEMPORARY TABLE rollup_finding ON COMMIT DROP AS
WITH stated AS (
    SELECT
        *,
        -- By how many seconds the stated duration differs.
        60 * duration_minutes - extract(epoch FROM ends - starts) AS off_s
    FROM pg_temp.rollup_session
    WHERE is_evaluated AND reason IS NULL
),

flagged AS (
    SELECT
        *,
        ARRAY[
            CASE WHEN NOT open AND energy_wh = 0 THEN 'zero_energy' END,
            CASE WHEN ends > starts + interval '48 hours' THEN 'longer_than_48h' END,
            CASE WHEN is_overlapping THEN 'overlap' END,
            CASE
                WHEN open OR abs(off_s) <= 120 THEN NULL
                WHEN abs(off_s) > 120 AND round(off_s / 3600) <> 0 AND abs(off_s - 3600 * round(off_s / 3600)) <= 120
                    THEN 'zone_suspect'
                WHEN abs(off_s) > 120 THEN 'duration_differs'
            END,
            CASE WHEN given_difference <> 0 THEN 'fees_differ' END
        ] AS flags
    FROM stated
),

finding AS (
    SELECT session_id, 'quarantine' AS severity, reason
    FROM pg_temp.rollup_session
    WHERE is_evaluated AND reason IS NOT NULL
    UNION ALL
    SELECT session_id, 'flag' AS severity, flag AS reason
    FROM flagged
    CROSS JOIN LATERAL unnest(flags) AS flag
    WHERE flag IS NOT NULL
)

SELECT
    s.session_id,
    s.charger_id,
    s.transaction_id,
    s.start_time,
    s.end_time,
    f.severity,
    f.reason,
    s.energy_wh,
    0.01 * (s.base_charge + s.energy_charge + s.time_charge + s.parking_charge + s.adjustment) AS revenue
FROM finding AS f
INNER JOIN pg_temp.rollup_session AS s ON s.session_id = f.session_id AND s.is_evaluated;
