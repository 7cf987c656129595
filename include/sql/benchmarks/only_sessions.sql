-- Leaves charger_usage_log alone of the tables of charger_db: no foreign key, and no comment on another table.
-- With `timed`, adds an indexed column that tells when a row changed. Parameters: timed.
-- Locks: ACCESS EXCLUSIVE on what it drops and alters.
DROP TABLE
    station_info, charger_info, power_consumption, hourly_charger_stats, daily_charger_stats, station_daily_stats
    CASCADE;
DROP TYPE charger_type, charger_status;
{% if timed %}
ALTER TABLE charger_usage_log ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX charger_usage_log_changed ON charger_usage_log (changed_at);
{% endif %}
