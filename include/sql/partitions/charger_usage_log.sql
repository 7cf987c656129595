-- Creates the charging sessions partitioned by the month of start_time; the partitions come after it.
-- Columns, indexes and comments are those of the plain table. A key of a partitioned table must contain start_time,
-- so two months could hold one id, or one transaction: what writes to the table must not give one twice.
-- Parameters: table, chargers (charger_info, where it stands here; none: no foreign key).
-- Locks SHARE ROW EXCLUSIVE on charger_info: its readers go on.
CREATE TABLE {{ table | identifier }} (
    id bigserial,
    charger_id varchar(50),
    transaction_id varchar(100),
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
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (id, start_time),
    UNIQUE (transaction_id, start_time)
) PARTITION BY RANGE (start_time);
{% if chargers is not none %}
ALTER TABLE {{ table | identifier }}
ADD FOREIGN KEY (charger_id) REFERENCES {{ chargers | identifier }} (charger_id) ON DELETE CASCADE;
{% endif %}

CREATE INDEX charger_usage_log_charger_start ON {{ table | identifier }} (charger_id, start_time);
CREATE INDEX charger_usage_log_session_date ON {{ table | identifier }} (session_date);
CREATE INDEX charger_usage_log_start ON {{ table | identifier }} (start_time);
CREATE INDEX charger_usage_log_payment_status ON {{ table | identifier }} (payment_status);
COMMENT ON TABLE {{ table | identifier }} IS
    '충전 세션: inserted open, updated when it ends and when it is paid; no column tells when a row changed';
COMMENT ON COLUMN {{ table | identifier }}.session_date IS
    'Date of start_time on the charger''s own clock: not to be trusted';
COMMENT ON COLUMN {{ table | identifier }}.end_time IS 'Null while the session is open';
COMMENT ON COLUMN {{ table | identifier }}.payment_status IS 'pending, completed or failed';
COMMENT ON COLUMN {{ table | identifier }}.energy_meter_start IS '충전기 적산 전력량 at the start (kWh since installation)';
