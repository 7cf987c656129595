{# The trigger function that marks what a statement did to charger_info; part of tracking.sql. #}
{# A charger that is new, gone or rated anew changes what its sessions are worth, always; one that stands elsewhere, #}
{# every day of both stations. #}
CREATE OR REPLACE FUNCTION pgpipelines.mark_chargers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        INSERT INTO pgpipelines.dirty_range SELECT charger_id, '-infinity', 'infinity' FROM new_rows;
        INSERT INTO pgpipelines.dirty_station_day SELECT DISTINCT station_id FROM new_rows WHERE station_id IS NOT NULL;
    WHEN 'DELETE' THEN
        INSERT INTO pgpipelines.dirty_range SELECT charger_id, '-infinity', 'infinity' FROM old_rows;
        INSERT INTO pgpipelines.dirty_station_day SELECT DISTINCT station_id FROM old_rows WHERE station_id IS NOT NULL;
    WHEN 'UPDATE' THEN
        INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
        SELECT named.charger_id, '-infinity', 'infinity'
        FROM old_rows AS o
        FULL JOIN new_rows AS n ON n.charger_id = o.charger_id
        CROSS JOIN LATERAL (VALUES (o.charger_id), (n.charger_id)) AS named (charger_id)
        WHERE
            named.charger_id IS NOT NULL
            AND ROW(o.charger_id, o.rated_power) IS DISTINCT FROM ROW(n.charger_id, n.rated_power);
        INSERT INTO pgpipelines.dirty_station_day (station_id)
        SELECT DISTINCT named.station_id
        FROM old_rows AS o
        FULL JOIN new_rows AS n ON n.charger_id = o.charger_id
        CROSS JOIN LATERAL (VALUES (o.station_id), (n.station_id)) AS named (station_id)
        WHERE
            named.station_id IS NOT NULL
            AND ROW(o.charger_id, o.station_id) IS DISTINCT FROM ROW(n.charger_id, n.station_id);
    ELSE
        INSERT INTO pgpipelines.dirty_range VALUES (NULL, '-infinity', 'infinity');
        INSERT INTO pgpipelines.dirty_station_day VALUES (NULL, NULL);
    END CASE;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION pgpipelines.mark_chargers() FROM PUBLIC;
