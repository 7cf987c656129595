-- Puts the meter samples that matter (_samples.sql), in their order, into the temporary table rollup_sample: for each
-- charger and period of 7 days one row of arrays, which are read several times, and much faster than rows. A charger
-- goes by its number in rollup_charger, which is put in order much faster than its name.
-- Parameters: samples, chargers (tables), whole. Bound: first_charger, end_charger, source_timezone,
-- business_timezone, max_status_gap.
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

{% if whole %}
-- Very many rows are read faster in the table's order, and put in order faster in pieces that fit into a processor's
-- cache.
SELECT
    set_config('enable_indexscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true),
    set_config('pgpipelines.work_mem', current_setting('work_mem'), true),
    set_config('work_mem', '4MB', true);

{% endif %}
INSERT INTO pg_temp.rollup_sample
WITH read AS (
    {% include 'rollup/_samples.sql' %}
),

in_turn AS (
    SELECT
        known.number,
        date_bin('7 days', read.at, '2000-01-01') AS period,
        read.at,
        read.register_wh,
        read.input_power,
        read.charger_status
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

{% if whole %}
SELECT
    set_config('enable_indexscan', 'on', true),
    set_config('enable_bitmapscan', 'on', true),
    set_config('work_mem', current_setting('pgpipelines.work_mem'), true);

{% endif %}
ANALYZE pg_temp.rollup_sample (number, period);

-- Of each period: how its hours start in the business zone, where all of them do so at the same minute and second.
CREATE TEMPORARY TABLE rollup_period ON COMMIT DROP AS
SELECT
    period,
    CASE WHEN min(past) = max(past) THEN min(hour) END AS hour_origin
FROM (SELECT DISTINCT period FROM pg_temp.rollup_sample) AS sampled
CROSS JOIN LATERAL generate_series(period, period + interval '7 days', interval '1 hour') AS moment
CROSS JOIN LATERAL date_trunc('hour', moment, %(business_timezone)s) AS hour
CROSS JOIN LATERAL (SELECT hour - date_bin('1 hour', hour, '2000-01-01') AS past) AS _
GROUP BY period;
