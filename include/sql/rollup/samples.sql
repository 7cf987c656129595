-- Puts the meter samples that matter (_samples.sql), in their order, into the temporary table rollup_sample: for each
-- charger and period of 30 days one row of arrays, which are read several times, and much faster than rows. A charger
-- goes by its number in rollup_charger, which is put in order much faster than its name.
-- Parameters: samples, chargers (tables), whole. Bound: first_charger, end_charger, source_timezone, max_status_gap.
-- Locks ACCESS SHARE on what it reads.
CREATE TEMPORARY TABLE rollup_charger ON COMMIT DROP AS
SELECT
    charger_id,
    (row_number() OVER ())::integer AS number
FROM {{ chargers | identifier }}
GROUP BY charger_id;

ANALYZE pg_temp.rollup_charger;

CREATE TEMPORARY TABLE rollup_sample (
    number integer,
    period timestamptz,
    ats timestamptz [],
    registers_wh bigint [],
    powers float8 [],
    statuses text []
) ON COMMIT DROP;

-- Not compressed: that would take longer than all the rest.
ALTER TABLE pg_temp.rollup_sample
ALTER COLUMN ats SET STORAGE EXTERNAL,
ALTER COLUMN registers_wh SET STORAGE EXTERNAL,
ALTER COLUMN powers SET STORAGE EXTERNAL,
ALTER COLUMN statuses SET STORAGE EXTERNAL;

INSERT INTO pg_temp.rollup_sample
WITH read AS (
    {% include 'rollup/_samples.sql' %}
),

in_turn AS (
    SELECT
        known.number,
        date_bin('30 days', read.at, '2000-01-01') AS period,
        read.*
    FROM read
    INNER JOIN pg_temp.rollup_charger AS known ON known.charger_id = read.charger_id
    ORDER BY known.number, period, read.at, read.sample_id
    OFFSET 0
)

SELECT
    number,
    period,
    array_agg(at) AS ats,
    array_agg(register_wh) AS registers_wh,
    array_agg(input_power) AS powers,
    array_agg(charger_status) AS statuses
FROM in_turn
GROUP BY number, period;

ANALYZE pg_temp.rollup_sample (number, period);
