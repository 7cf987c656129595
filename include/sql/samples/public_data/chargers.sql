-- Adds the chargers that the staged lines name and charger_info lacks, as the last line describes them, brings the
-- stations' numbers of chargers up to date, and returns how many chargers were added.
-- Parameters: none. Locks: writes to charger_info and station_info.
WITH named AS (
    SELECT DISTINCT ON (charger_id) *
    FROM pg_temp.public_data
    WHERE charger_id IS NOT NULL
    ORDER BY charger_id, file DESC, line DESC
),

added AS (
    INSERT INTO charger_info (
        charger_id, station_id, charger_type, location_detail, connector_type, model_name, asset_tag
    )
    SELECT
        n.charger_id,
        n.station_id,
        n.charger_type,
        n.location_detail,
        n.connector_type,
        n.model_name,
        n.asset_tag
    FROM named AS n
    WHERE NOT EXISTS (SELECT FROM charger_info AS c WHERE c.charger_id = n.charger_id)
    ORDER BY n.charger_id
    RETURNING station_id
),

counted AS (
    UPDATE station_info AS s
    SET total_chargers = s.total_chargers + of_station.chargers
    FROM (SELECT station_id, count(*) AS chargers FROM added GROUP BY station_id) AS of_station
    WHERE of_station.station_id = s.station_id
)

SELECT count(*) AS added FROM added;
