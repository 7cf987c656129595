-- Puts what the meter said in the time of each evaluated valid session, both ends included, into the temporary table
-- rollup_reading, from rollup_session and rollup_sample. Parameters: none. Locks nothing.
CREATE INDEX ON pg_temp.rollup_sample (charger_id, at);
ANALYZE pg_temp.rollup_sample;

CREATE TEMPORARY TABLE rollup_reading ON COMMIT DROP AS
SELECT
    s.session_id,
    s.charger_id,
    p.first_hour,
    p.at - s.starts AS since_start,
    p.register_wh,
    p.input_power
FROM pg_temp.rollup_session AS s
CROSS JOIN LATERAL (
    SELECT * FROM pg_temp.rollup_sample AS p
    WHERE p.charger_id = s.charger_id AND p.at >= s.starts AND p.at <= s.ends
    OFFSET 0
) AS p
WHERE s.reason IS NULL AND s.is_evaluated;

ANALYZE pg_temp.rollup_reading;
