-- Takes the dirty days that this transaction sees into the temporary table rollup_day.
-- Parameters: none. Locks the rows that it takes; others go on adding.
CREATE TEMPORARY TABLE rollup_day (charger_id text, stats_date date) ON COMMIT DROP;

WITH taken AS (
    DELETE FROM pgpipelines.dirty_day RETURNING charger_id, stats_date
)

INSERT INTO pg_temp.rollup_day
SELECT DISTINCT charger_id, stats_date FROM taken;

ANALYZE pg_temp.rollup_day;

SELECT
    count(*) AS days,
    coalesce(bool_or(charger_id IS NULL), false) AS whole
FROM pg_temp.rollup_day;
