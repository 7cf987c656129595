-- Fills one station and 500 chargers, which the sessions name. Parameters: none. Locks: writes to both tables.
INSERT INTO station_info (station_id, station_name, total_chargers) VALUES ('ST-0001', '제주시청', 500);

INSERT INTO charger_info (charger_id, station_id, charger_type)
SELECT
    'CHG-' || number,
    'ST-0001',
    'FAST'
FROM generate_series(0, 499) AS number;
