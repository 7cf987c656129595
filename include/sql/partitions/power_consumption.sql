-- Creates the meter samples partitioned by the month of measurement_time; the partitions come after it.
-- Columns, indexes and comments are those of the plain table. A key of a partitioned table must contain
-- measurement_time, so two months could hold one id: what writes to the table must not give one twice.
-- Parameters: table, chargers (charger_info, where it stands here; none: no foreign key).
-- Locks SHARE ROW EXCLUSIVE on charger_info: its readers go on.
CREATE TABLE {{ table | identifier }} (
    id bigserial,
    charger_id varchar(50) NOT NULL,
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
    created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
    PRIMARY KEY (id, measurement_time)
) PARTITION BY RANGE (measurement_time);
{% if chargers is not none %}
ALTER TABLE {{ table | identifier }}
ADD FOREIGN KEY (charger_id) REFERENCES {{ chargers | identifier }} (charger_id) ON DELETE CASCADE;
{% endif %}

CREATE INDEX power_consumption_charger_time ON {{ table | identifier }} (charger_id, measurement_time);
CREATE INDEX power_consumption_time ON {{ table | identifier }} (measurement_time);
CREATE INDEX power_consumption_date ON {{ table | identifier }} (measurement_date);
CREATE INDEX power_consumption_date_hour ON {{ table | identifier }} (measurement_date, hour);
COMMENT ON TABLE {{ table | identifier }} IS '전력량계 샘플: one row per charger every 15 minutes';
COMMENT ON COLUMN {{ table | identifier }}.cumulative_energy IS '적산 전력량 (kWh since installation)';
COMMENT ON COLUMN {{ table | identifier }}.daily_cumulative IS 'kWh since 00:00 of measurement_date (UTC)';
