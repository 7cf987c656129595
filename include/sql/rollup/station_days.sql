-- Computes days of stations from the days of the chargers that stand there now, into rollup_station, a temporary table
-- like station_daily_stats.
-- Parameters: daily, station, chargers (tables). Locks ACCESS SHARE on what it reads.
CREATE TEMPORARY TABLE rollup_station ON COMMIT DROP AS
WITH station_day AS (
    SELECT
        dirty.station_id,
        dirty.stats_date,
        sum(d.num_sessions) AS num_sessions,
        sum(d.total_energy) AS total_energy,
        sum(d.total_revenue) AS total_revenue,
        count(*) FILTER (WHERE d.last_status = 'AVAILABLE') AS num_available,
        count(*) FILTER (WHERE d.last_status = 'IN_USE') AS num_in_use,
        count(*) FILTER (WHERE d.last_status = 'FAULT') AS num_fault,
        count(*) FILTER (WHERE d.last_status = 'OFFLINE') AS num_offline,
        count(*) FILTER (WHERE d.last_status = 'MAINTENANCE') AS num_maintenance,
        count(*) FILTER (WHERE d.last_status = 'RESERVED') AS num_reserved,
        sum(d.occupied_seconds) AS occupied_seconds,
        sum(d.charging_seconds) AS charging_seconds,
        sum(d.revenue_completed) AS revenue_completed,
        sum(d.revenue_pending) AS revenue_pending,
        sum(d.revenue_failed) AS revenue_failed,
        sum(d.up_seconds) AS up_seconds,
        sum(d.down_seconds) AS down_seconds,
        sum(d.maintenance_seconds) AS maintenance_seconds,
        sum(d.unknown_seconds) AS unknown_seconds,
        sum(d.fault_count) AS fault_count
    FROM pg_temp.rollup_station_day AS dirty
    INNER JOIN {{ chargers | identifier }} AS c ON c.station_id = dirty.station_id
    INNER JOIN {{ daily | identifier }} AS d ON d.charger_id = c.charger_id AND d.stats_date = dirty.stats_date
    GROUP BY dirty.station_id, dirty.stats_date
)

SELECT
    station_id,
    stats_date,
    num_sessions,
    total_energy,
    total_revenue,
    num_available,
    num_in_use,
    num_fault,
    num_offline,
    num_maintenance,
    num_reserved,
    occupied_seconds,
    charging_seconds,
    revenue_completed,
    revenue_pending,
    revenue_failed,
    {% include 'rollup/_uptime.sql' %} AS uptime_percentage,
    up_seconds,
    down_seconds,
    maintenance_seconds,
    unknown_seconds,
    fault_count
FROM station_day AS d;
