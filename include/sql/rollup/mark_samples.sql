{# The trigger function that marks what a statement did to power_consumption; part of tracking.sql. #}
{# A sample says something from its moment on, for as long as a status holds: the argument, an interval. One mark for #}
{# each charger and day, or month where rows are loaded or deleted in bulk. #}
CREATE OR REPLACE FUNCTION pgpipelines.mark_samples() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    holds CONSTANT interval := TG_ARGV[0];
    bulk CONSTANT bigint := 10000;
    grain text := 'day';
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        IF EXISTS (SELECT FROM new_rows OFFSET bulk) THEN
            grain := 'month';
        END IF;
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
        SELECT charger_id, min(measurement_time), max(measurement_time) + holds
        FROM new_rows
        GROUP BY charger_id, date_trunc(grain, measurement_time);
    WHEN 'DELETE' THEN
        IF EXISTS (SELECT FROM old_rows OFFSET bulk) THEN
            grain := 'month';
        END IF;
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
        SELECT charger_id, min(measurement_time), max(measurement_time) + holds
        FROM old_rows
        GROUP BY charger_id, date_trunc(grain, measurement_time);
    WHEN 'UPDATE' THEN
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
        WITH changed AS (
            SELECT
                o.charger_id AS old_charger_id, o.measurement_time AS old_time,
                n.charger_id AS new_charger_id, n.measurement_time AS new_time
            FROM old_rows AS o
            FULL JOIN new_rows AS n ON n.id = o.id
            WHERE
                ROW(o.id, o.charger_id, o.measurement_time, o.input_power, o.cumulative_energy, o.charger_status)
                IS DISTINCT FROM
                ROW(n.id, n.charger_id, n.measurement_time, n.input_power, n.cumulative_energy, n.charger_status)
        ),

        moment AS (
            SELECT old_charger_id AS charger_id, old_time AS measurement_time FROM changed
            UNION ALL
            SELECT new_charger_id, new_time FROM changed
        )

        SELECT charger_id, min(measurement_time), max(measurement_time) + holds
        FROM moment
        WHERE measurement_time IS NOT NULL
        GROUP BY charger_id, measurement_time::date;
    ELSE
        INSERT INTO pgpipelines.dirty_range VALUES (NULL, '-infinity', 'infinity');
    END CASE;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION pgpipelines.mark_samples() FROM PUBLIC;
