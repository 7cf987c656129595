-- Takes the marks that this transaction sees into the temporary table rollup_mark, and adds sessions that were in the
-- future when they were judged and are no more. They come back where the transaction fails.
-- Bound: now, future_tolerance, source_timezone. Locks the marks that it takes; writers go on adding others.
CREATE TEMPORARY TABLE rollup_mark (
    charger_id text,
    from_time timestamp NOT NULL,
    until_time timestamp NOT NULL,
    transaction_ids text []
) ON COMMIT DROP;

WITH taken AS (
    DELETE FROM pgpipelines.dirty_range RETURNING *
)

INSERT INTO pg_temp.rollup_mark
SELECT * FROM taken;

INSERT INTO pg_temp.rollup_mark
SELECT charger_id, start_time, greatest(start_time, coalesce(end_time, 'infinity'))
FROM pgpipelines.session_finding
WHERE
    reason IN ('start_in_future', 'end_in_future')
    AND CASE reason WHEN 'start_in_future' THEN start_time ELSE end_time END
    <= (%(now)s::timestamptz + %(future_tolerance)s::interval) AT TIME ZONE %(source_timezone)s;
