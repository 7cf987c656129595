-- The tables of charger_db: stations, chargers, charging sessions, meter samples and three statistics tables.
-- Parameters: none. Run as the application's role, which owns what it makes.
-- Locks: new tables only.
--
-- Times are `timestamp` without zone, written in UTC. Money is KRW, energy kWh, power kW. The application
-- writes these tables: names and types can't change.

CREATE TYPE charger_type AS ENUM ('FAST', 'SLOW', 'ULTRA_FAST');
CREATE TYPE charger_status AS ENUM ('AVAILABLE', 'IN_USE', 'MAINTENANCE', 'FAULT', 'OFFLINE', 'RESERVED');

CREATE TABLE station_info (
    id serial PRIMARY KEY,
    station_id varchar(50) NOT NULL UNIQUE,
    station_name varchar(100) NOT NULL,
    address varchar(255),
    longitude double precision,
    latitude double precision,
    operator_name varchar(100),
    operator_phone varchar(50),
    operator_email varchar(100),
    total_chargers integer NOT NULL DEFAULT 0,
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX station_info_location ON station_info (longitude, latitude);

CREATE TABLE charger_info (
    id serial PRIMARY KEY,
    charger_id varchar(50) NOT NULL UNIQUE,
    station_id varchar(50) NOT NULL REFERENCES station_info (station_id) ON DELETE CASCADE,
    serial_number varchar(100) UNIQUE,
    charger_type charger_type NOT NULL,
    manufacturer varchar(100),
    model_name varchar(100),
    manufacturing_date date,
    rated_power double precision,
    max_output double precision,
    min_output double precision,
    location_detail varchar(255),
    longitude double precision,
    latitude double precision,
    floor_level varchar(20),
    charging_standard varchar(50),
    connector_type varchar(50),
    is_multi_connector boolean NOT NULL DEFAULT FALSE,
    current_status charger_status NOT NULL DEFAULT 'AVAILABLE',
    last_status_update timestamp,
    supports_remote_control boolean NOT NULL DEFAULT FALSE,
    power_control_available boolean NOT NULL DEFAULT FALSE,
    current_power_limit double precision,
    base_fee numeric(10, 2),
    unit_price_kwh numeric(10, 2),
    unit_price_time numeric(10, 2),
    parking_fee numeric(10, 2),
    asset_tag varchar(100),
    fixed_asset_no varchar(100),
    installation_date date,
    warranty_expiry date,
    firmware_version varchar(50),
    last_maintenance timestamp,
    next_maintenance timestamp,
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    updated_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX charger_info_station ON charger_info (station_id);
CREATE INDEX charger_info_status ON charger_info (current_status);
CREATE INDEX charger_info_type ON charger_info (charger_type);
CREATE INDEX charger_info_location ON charger_info (longitude, latitude);
CREATE INDEX charger_info_created ON charger_info (created_at);
COMMENT ON COLUMN charger_info.rated_power IS '정격 출력 (kW)';
COMMENT ON COLUMN charger_info.base_fee IS '기본 요금 (KRW per session)';
COMMENT ON COLUMN charger_info.unit_price_kwh IS '전력량 요금 (KRW per kWh)';
COMMENT ON COLUMN charger_info.unit_price_time IS '시간 요금 (KRW per minute of charging)';
COMMENT ON COLUMN charger_info.parking_fee IS '점유 요금 (KRW per minute between the end of charging and unplugging)';

CREATE TABLE charger_usage_log (
    id bigserial PRIMARY KEY,
    -- May be null: a session whose charger did not say which one it was is kept all the same.
    charger_id varchar(50) REFERENCES charger_info (charger_id) ON DELETE CASCADE,
    transaction_id varchar(100) UNIQUE,
    session_date date,
    start_time timestamp NOT NULL,
    end_time timestamp,
    duration_minutes integer,
    energy_delivered numeric(10, 3),
    energy_meter_start numeric(12, 3),
    energy_meter_end numeric(12, 3),
    average_power double precision,
    max_power double precision,
    min_power double precision,
    base_charge numeric(10, 2),
    energy_charge numeric(10, 2),
    time_charge numeric(10, 2),
    parking_charge numeric(10, 2),
    total_charge numeric(10, 2),
    payment_method varchar(50),
    payment_status varchar(20),
    payment_date timestamp,
    vehicle_type varchar(50),
    user_id_hash varchar(64),
    status varchar(20),
    error_code varchar(50),
    error_message text,
    extra_data jsonb,
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX charger_usage_log_charger_start ON charger_usage_log (charger_id, start_time);
CREATE INDEX charger_usage_log_session_date ON charger_usage_log (session_date);
CREATE INDEX charger_usage_log_start ON charger_usage_log (start_time);
CREATE INDEX charger_usage_log_payment_status ON charger_usage_log (payment_status);
COMMENT ON TABLE charger_usage_log IS
    '충전 세션: inserted open, updated when it ends and when it is paid; no column tells when a row changed';
COMMENT ON COLUMN charger_usage_log.session_date IS 'Date of start_time on the charger''s own clock: not to be trusted';
COMMENT ON COLUMN charger_usage_log.end_time IS 'Null while the session is open';
COMMENT ON COLUMN charger_usage_log.payment_status IS 'pending, completed or failed';
COMMENT ON COLUMN charger_usage_log.energy_meter_start IS '충전기 적산 전력량 at the start (kWh since installation)';

CREATE TABLE power_consumption (
    id bigserial PRIMARY KEY,
    charger_id varchar(50) NOT NULL REFERENCES charger_info (charger_id) ON DELETE CASCADE,
    measurement_time timestamp NOT NULL,
    measurement_date date,
    hour integer,
    input_power double precision,
    cumulative_energy numeric(12, 3),
    daily_cumulative numeric(10, 3),
    power_factor double precision,
    voltage double precision,
    current double precision,
    is_charging boolean,
    charger_status varchar(50),
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);
CREATE INDEX power_consumption_charger_time ON power_consumption (charger_id, measurement_time);
CREATE INDEX power_consumption_time ON power_consumption (measurement_time);
CREATE INDEX power_consumption_date ON power_consumption (measurement_date);
CREATE INDEX power_consumption_date_hour ON power_consumption (measurement_date, hour);
COMMENT ON TABLE power_consumption IS '전력량계 샘플: one row per charger every 15 minutes';
COMMENT ON COLUMN power_consumption.cumulative_energy IS '적산 전력량 (kWh since installation)';
COMMENT ON COLUMN power_consumption.daily_cumulative IS 'kWh since 00:00 of measurement_date (UTC)';

CREATE TABLE hourly_charger_stats (
    charger_id varchar(50) NOT NULL REFERENCES charger_info (charger_id) ON DELETE CASCADE,
    stats_hour timestamp NOT NULL,
    num_sessions integer NOT NULL DEFAULT 0,
    total_energy numeric(12, 3) NOT NULL DEFAULT 0,
    total_duration_minutes integer NOT NULL DEFAULT 0,
    total_revenue numeric(12, 2) NOT NULL DEFAULT 0,
    avg_power double precision,
    max_power double precision,
    UNIQUE (charger_id, stats_hour)
);

CREATE TABLE daily_charger_stats (
    charger_id varchar(50) NOT NULL REFERENCES charger_info (charger_id) ON DELETE CASCADE,
    stats_date date NOT NULL,
    num_sessions integer NOT NULL DEFAULT 0,
    total_energy numeric(12, 3) NOT NULL DEFAULT 0,
    total_duration_minutes integer NOT NULL DEFAULT 0,
    total_revenue numeric(12, 2) NOT NULL DEFAULT 0,
    avg_charge_per_session numeric(10, 2),
    hourly_energy jsonb,
    hourly_sessions jsonb,
    hourly_revenue jsonb,
    uptime_percentage double precision,
    fault_count integer NOT NULL DEFAULT 0,
    maintenance_required boolean NOT NULL DEFAULT FALSE,
    UNIQUE (charger_id, stats_date)
);

CREATE TABLE station_daily_stats (
    station_id varchar(50) NOT NULL REFERENCES station_info (station_id) ON DELETE CASCADE,
    stats_date date NOT NULL,
    num_sessions integer NOT NULL DEFAULT 0,
    total_energy numeric(14, 3) NOT NULL DEFAULT 0,
    total_revenue numeric(14, 2) NOT NULL DEFAULT 0,
    num_available integer NOT NULL DEFAULT 0,
    num_in_use integer NOT NULL DEFAULT 0,
    num_fault integer NOT NULL DEFAULT 0,
    UNIQUE (station_id, stats_date)
);
