-- Asks for one bucket: rollup_mark and rollup_span as a run would have them.
-- Parameters: bound: charger_id, hour (the instant at which it begins), source_timezone, margin. Locks nothing.
CREATE TEMPORARY TABLE rollup_span ON COMMIT DROP AS
SELECT
    %(charger_id)s::text AS charger_id,
    from_hour,
    from_hour + interval '1 hour' AS until_hour,
    from_hour AT TIME ZONE %(source_timezone)s - %(margin)s::interval AS from_time,
    (from_hour + interval '1 hour') AT TIME ZONE %(source_timezone)s + %(margin)s::interval AS until_time
FROM (SELECT %(hour)s::timestamptz AS from_hour) AS asked;

CREATE TEMPORARY TABLE rollup_mark ON COMMIT DROP AS
SELECT charger_id, from_time, until_time FROM pg_temp.rollup_span;
