-- The statistics tables: the given columns as they are, made where missing, and ours beside them.
-- Parameters: hourly, daily, station (tables). Locks ACCESS EXCLUSIVE on a table only where a column is missing.
CREATE TABLE IF NOT EXISTS {{ hourly | identifier }} (
    charger_id varchar(50) NOT NULL,
    stats_hour timestamp NOT NULL,
    num_sessions integer NOT NULL DEFAULT 0,
    total_energy numeric(12, 3) NOT NULL DEFAULT 0,
    total_duration_minutes integer NOT NULL DEFAULT 0,
    total_revenue numeric(12, 2) NOT NULL DEFAULT 0,
    avg_power double precision,
    max_power double precision,
    UNIQUE (charger_id, stats_hour)
);

CREATE TABLE IF NOT EXISTS {{ daily | identifier }} (
    charger_id varchar(50) NOT NULL,
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
    maintenance_required boolean NOT NULL DEFAULT false,
    UNIQUE (charger_id, stats_date)
);

CREATE TABLE IF NOT EXISTS {{ station | identifier }} (
    station_id varchar(50) NOT NULL,
    stats_date date NOT NULL,
    num_sessions integer NOT NULL DEFAULT 0,
    total_energy numeric(14, 3) NOT NULL DEFAULT 0,
    total_revenue numeric(14, 2) NOT NULL DEFAULT 0,
    num_available integer NOT NULL DEFAULT 0,
    num_in_use integer NOT NULL DEFAULT 0,
    num_fault integer NOT NULL DEFAULT 0,
    UNIQUE (station_id, stats_date)
);

ALTER TABLE {{ hourly | identifier }}
ADD COLUMN IF NOT EXISTS stats_date date,
ADD COLUMN IF NOT EXISTS hour_key text,
ADD COLUMN IF NOT EXISTS active_sessions integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS occupied_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS charging_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS base_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS energy_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS time_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS parking_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS adjustment numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_completed numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_pending numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_failed numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS metered_energy numeric(12, 3) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS provisional boolean NOT NULL DEFAULT false,
ADD COLUMN IF NOT EXISTS up_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS down_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS maintenance_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS fault_count integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS last_status text;

ALTER TABLE {{ daily | identifier }}
ADD COLUMN IF NOT EXISTS active_sessions integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS occupied_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS charging_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS base_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS energy_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS time_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS parking_charge numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS adjustment numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_completed numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_pending numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_failed numeric(12, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS metered_energy numeric(12, 3) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS provisional boolean NOT NULL DEFAULT false,
ADD COLUMN IF NOT EXISTS up_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS down_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS maintenance_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS unknown_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS last_status text;

ALTER TABLE {{ station | identifier }}
ADD COLUMN IF NOT EXISTS num_offline integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS num_maintenance integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS num_reserved integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS occupied_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS charging_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_completed numeric(14, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_pending numeric(14, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS revenue_failed numeric(14, 2) NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS uptime_percentage double precision,
ADD COLUMN IF NOT EXISTS up_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS down_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS maintenance_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS unknown_seconds integer NOT NULL DEFAULT 0,
ADD COLUMN IF NOT EXISTS fault_count integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN {{ daily | identifier }}.avg_charge_per_session IS
'KRW: total_revenue for each session that started on the day. Null without one, or where it needs more digits.';
