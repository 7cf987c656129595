-- Adds the stations that the staged lines name and station_info lacks, as the last line describes them, and returns
-- how many.
-- Parameters: none. Locks: writes to station_info.
WITH named AS (
    SELECT DISTINCT ON (station_id) *
    FROM pg_temp.public_data
    WHERE station_id IS NOT NULL
    ORDER BY station_id, file DESC, line DESC
),

added AS (
    INSERT INTO station_info (station_id, station_name, address, longitude, latitude, operator_name)
    SELECT
        n.station_id,
        n.station_name,
        n.address,
        n.station_longitude,
        n.station_latitude,
        n.operator_name
    FROM named AS n
    WHERE NOT EXISTS (SELECT FROM station_info AS s WHERE s.station_id = n.station_id)
    ORDER BY n.station_id
    RETURNING 1
)

SELECT count(*) AS added FROM added;
