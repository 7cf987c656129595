-- Fills charger_info: each station has two chargers at least, the others fall where chance has it.
-- Parameters: bound: stations, chargers (how many of each), until.
-- Locks: writes to charger_info and station_info.
WITH draft AS (
    SELECT
        n,
        CASE
            WHEN n <= 2 * %(stations)s THEN 1 + (n - 1) %% %(stations)s
            ELSE pg_temp.roll(1, %(stations)s, n, 'station')
        END AS station,
        CASE
            WHEN pg_temp.chance(n, 'type') < 0.4 THEN 'SLOW'
            WHEN pg_temp.chance(n, 'type') < 0.8 THEN 'FAST'
            ELSE 'ULTRA_FAST'
        END::charger_type AS charger_type
    FROM generate_series(1, %(chargers)s::integer) AS n
),

rated AS (
    SELECT
        *,
        CASE charger_type
            WHEN 'SLOW' THEN pg_temp.pick(ARRAY['3.5', '7', '7', '7', '11'], n, 'power')
            WHEN 'FAST' THEN pg_temp.pick(ARRAY['50', '50', '50', '100'], n, 'power')
            ELSE pg_temp.pick(ARRAY['150', '200', '350'], n, 'power')
        END::double precision AS rated_power,
        %(until)s::date - pg_temp.roll(100, 1800, n, 'installed')::integer AS installed_on
    FROM draft
)

INSERT INTO charger_info (
    id, charger_id, station_id, serial_number, charger_type, manufacturer, model_name, manufacturing_date,
    rated_power, max_output, min_output, location_detail, longitude, latitude, floor_level,
    charging_standard, connector_type, is_multi_connector, last_status_update,
    supports_remote_control, power_control_available, current_power_limit,
    base_fee, unit_price_kwh, unit_price_time, parking_fee,
    asset_tag, fixed_asset_no, installation_date, warranty_expiry, firmware_version,
    last_maintenance, next_maintenance, created_at, updated_at
)
SELECT
    n,
    'JEJU-' || lpad(station::text, 4, '0') || '-' || lpad(n::text, 5, '0'),
    s.station_id,
    'SN' || upper(substr(md5('charger ' || n), 1, 12)),
    charger_type,
    pg_temp.pick(ARRAY['대영채비', '시그넷이브이', '중앙제어', '클린일렉스', '모던텍'], n, 'manufacturer'),
    CASE charger_type WHEN 'SLOW' THEN '완속-' WHEN 'FAST' THEN '급속-' ELSE '초급속-' END || rated_power || 'kW',
    installed_on - pg_temp.roll(20, 200, n, 'made')::integer,
    rated_power,
    rated_power,
    CASE charger_type WHEN 'SLOW' THEN 1 ELSE 5 END,
    pg_temp.pick(ARRAY['정문 옆', '후문 우측', '지하주차장 B구역', '전기차 전용 구역', '화장실 앞', '2번 기둥'], n, 'spot'),
    s.longitude + round((0.001 * (pg_temp.chance(n, 'longitude') - 0.5))::numeric, 6)::double precision,
    s.latitude + round((0.001 * (pg_temp.chance(n, 'latitude') - 0.5))::numeric, 6)::double precision,
    pg_temp.pick(ARRAY['지상 1층', '지하 1층', '지하 2층', '옥상', NULL], n, 'floor'),
    CASE charger_type WHEN 'SLOW' THEN 'AC단상' ELSE 'DC콤보' END,
    CASE charger_type WHEN 'SLOW' THEN '5핀' ELSE 'CCS1' END,
    charger_type <> 'SLOW' AND pg_temp.chance(n, 'connectors') < 0.5,
    %(until)s::timestamp,
    pg_temp.chance(n, 'remote') < 0.8,
    pg_temp.chance(n, 'control') < 0.4,
    CASE WHEN pg_temp.chance(n, 'limit') < 0.1 THEN rated_power * 0.8 END,
    CASE WHEN pg_temp.chance(n, 'base fee') < 0.3 THEN 500 ELSE 0 END,
    CASE charger_type WHEN 'SLOW' THEN 324.40 WHEN 'FAST' THEN 347.20 ELSE 385.00 END,
    CASE WHEN charger_type = 'FAST' AND pg_temp.chance(n, 'time price') < 0.3 THEN 12.50 ELSE 0 END,
    CASE charger_type WHEN 'SLOW' THEN 10 ELSE 100 END,
    'A-' || lpad(n::text, 6, '0'),
    'FA-' || to_char(installed_on, 'YYYY') || '-' || lpad(n::text, 6, '0'),
    installed_on,
    installed_on + 1095,
    pg_temp.pick(ARRAY['2.8.4', '3.0.1', '3.1.0', '3.1.2-rc1'], n, 'firmware'),
    CASE
        WHEN pg_temp.chance(n, 'maintained') < 0.9
            THEN %(until)s::timestamp - make_interval(days => pg_temp.roll(61, 180, n, 'maintained on')::integer)
    END,
    %(until)s::timestamp + make_interval(days => pg_temp.roll(1, 120, n, 'maintenance')::integer),
    installed_on + time '01:00',
    %(until)s::timestamp - make_interval(days => pg_temp.roll(1, 60, n, 'edited')::integer)
FROM rated
INNER JOIN station_info AS s ON s.id = station
ORDER BY n;

SELECT setval('charger_info_id_seq', %(chargers)s);

UPDATE station_info AS s
SET total_chargers = counted.chargers
FROM (SELECT station_id, count(*) AS chargers FROM charger_info GROUP BY station_id) AS counted
WHERE counted.station_id = s.station_id;
