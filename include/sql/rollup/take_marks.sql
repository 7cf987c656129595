-- Takes the marks that this transaction sees into the temporary table rollup_mark, and adds sessions that were in the
-- future when they were judged, or a sample of theirs was, and are no more. They come back where the transaction fails.
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
    {% include 'rollup/_due.sql' %};
