{# The trigger function that marks what a statement did to charger_usage_log; part of tracking.sql. #}
{# A closed session marks from its start to its end, an open one everything from its start on. Few marks for each #}
{# charger and day, or month where rows are loaded or deleted in bulk. Argument: whether a transaction may be there #}
{# twice ('true' or 'false'). #}
CREATE OR REPLACE FUNCTION pgpipelines.mark_sessions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    repeatable CONSTANT boolean := TG_ARGV[0];
    bulk CONSTANT bigint := 10000;
    grain text := 'day';
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        IF EXISTS (SELECT FROM new_rows OFFSET bulk) THEN
            grain := 'month';
        END IF;
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
        SELECT
            coalesce(charger_id, ''),
            min(least(start_time, end_time)),
            max(greatest(start_time, coalesce(end_time, 'infinity')))
        FROM new_rows
        GROUP BY coalesce(charger_id, ''), date_trunc(grain, start_time), end_time IS NULL;
    WHEN 'DELETE' THEN
        IF EXISTS (SELECT FROM old_rows OFFSET bulk) THEN
            grain := 'month';
        END IF;
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time, transaction_ids)
        SELECT
            coalesce(charger_id, ''),
            min(least(start_time, end_time)),
            max(greatest(start_time, coalesce(end_time, 'infinity'))),
            array_agg(transaction_id) FILTER (WHERE repeatable AND transaction_id IS NOT NULL)
        FROM old_rows
        GROUP BY coalesce(charger_id, ''), date_trunc(grain, start_time), end_time IS NULL;
    WHEN 'UPDATE' THEN
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time, transaction_ids)
        WITH changed AS (
            SELECT
                o.charger_id AS old_charger_id, o.start_time AS old_start, o.end_time AS old_end,
                o.transaction_id AS old_transaction_id, o.id AS old_id,
                n.charger_id AS new_charger_id, n.start_time AS new_start, n.end_time AS new_end, n.id AS new_id
            FROM old_rows AS o
            FULL JOIN new_rows AS n ON n.id = o.id
            WHERE
                ROW(
                    o.id, o.charger_id, o.transaction_id, o.start_time, o.end_time, o.duration_minutes,
                    o.energy_delivered, o.energy_meter_start, o.energy_meter_end, o.max_power,
                    o.base_charge, o.energy_charge, o.time_charge, o.parking_charge, o.total_charge,
                    o.payment_status, o.created_at
                ) IS DISTINCT FROM ROW(
                    n.id, n.charger_id, n.transaction_id, n.start_time, n.end_time, n.duration_minutes,
                    n.energy_delivered, n.energy_meter_start, n.energy_meter_end, n.max_power,
                    n.base_charge, n.energy_charge, n.time_charge, n.parking_charge, n.total_charge,
                    n.payment_status, n.created_at
                )
        ),

        extent AS (
            SELECT
                old_charger_id AS charger_id, old_start AS start_time, old_end AS end_time,
                old_transaction_id AS gone
            FROM changed
            WHERE old_id IS NOT NULL
            UNION ALL
            SELECT new_charger_id, new_start, new_end, NULL
            FROM changed
            WHERE new_id IS NOT NULL
        )

        SELECT
            coalesce(charger_id, ''),
            min(least(start_time, end_time)),
            max(greatest(start_time, coalesce(end_time, 'infinity'))),
            array_agg(gone) FILTER (WHERE repeatable AND gone IS NOT NULL)
        FROM extent
        GROUP BY coalesce(charger_id, ''), start_time::date, end_time IS NULL;
    ELSE
        INSERT INTO pgpipelines.dirty_range VALUES (NULL, '-infinity', 'infinity');
    END CASE;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION pgpipelines.mark_sessions() FROM PUBLIC;
