-- Creates the views that answer the usual questions about chargers and stations, or brings them up to date.
-- A day is a business day: it has as many seconds as its clock shows, 82,800 to 90,000. A charger stands at the station
-- that charger_info names now. Where there is nothing to divide by, a share is null. Samples of a meter whose clock is
-- off may make days of the future: averages and the newest day leave these out.
-- Parameters: schema (of the views), hourly, daily, station, log, chargers (tables). Bound: source_timezone,
-- business_timezone, future_tolerance, uptime_target (percent).
-- Locks ACCESS EXCLUSIVE on the views, ACCESS SHARE on the tables, for a moment.

CREATE OR REPLACE VIEW {{ schema | identifier }}.charger_utilisation AS
SELECT
    d.stats_date,
    c.station_id,
    d.charger_id,
    d.num_sessions,
    d.total_energy,
    d.occupied_seconds,
    d.charging_seconds,
    length.day_seconds,
    round(100.0 * d.occupied_seconds / length.day_seconds, 2) AS occupied_percentage,
    round(100.0 * d.charging_seconds / length.day_seconds, 2) AS charging_percentage
FROM {{ daily | identifier }} AS d
CROSS JOIN LATERAL (
    SELECT nullif(d.up_seconds + d.down_seconds + d.maintenance_seconds + d.unknown_seconds, 0) AS day_seconds
) AS length
LEFT JOIN {{ chargers | identifier }} AS c ON c.charger_id = d.charger_id;
COMMENT ON VIEW {{ schema | identifier }}.charger_utilisation IS
'How much of a day each charger was in use: days on which nothing is known of a charger have no row';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.stats_date IS 'Business day';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.station_id IS 'Station where the charger stands now';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.charger_id IS 'Charger';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.num_sessions IS 'Sessions that began that day';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.total_energy IS 'kWh delivered that day';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.occupied_seconds IS 'Seconds with a car at the charger';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.charging_seconds IS 'Seconds until charging had ended';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.day_seconds IS 'Seconds that the day has';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.occupied_percentage IS
'Percent of the day with a car at the charger';
COMMENT ON COLUMN {{ schema | identifier }}.charger_utilisation.charging_percentage IS
'Percent of the day until charging had ended';

CREATE OR REPLACE VIEW {{ schema | identifier }}.station_utilisation AS
WITH station_day AS (
    SELECT
        stats_date,
        station_id,
        count(*) AS with_data,
        sum(num_sessions) AS num_sessions,
        sum(total_energy) AS total_energy,
        sum(occupied_seconds) AS occupied_seconds,
        sum(charging_seconds) AS charging_seconds,
        max(day_seconds) AS day_seconds
    FROM {{ schema | identifier }}.charger_utilisation
    WHERE station_id IS NOT NULL
    GROUP BY stats_date, station_id
)

SELECT
    s.stats_date,
    s.station_id,
    standing.chargers AS num_chargers,
    s.num_sessions,
    s.total_energy,
    s.occupied_seconds,
    s.charging_seconds,
    standing.chargers * s.day_seconds AS charger_seconds,
    round(100.0 * s.occupied_seconds / (standing.chargers * s.day_seconds), 2) AS occupied_percentage,
    round(100.0 * s.charging_seconds / (standing.chargers * s.day_seconds), 2) AS charging_percentage
FROM station_day AS s
CROSS JOIN LATERAL (
    -- A charger that nobody used and that told nothing was there all the same.
    SELECT greatest(count(*), s.with_data) AS chargers
    FROM {{ chargers | identifier }} AS c
    WHERE c.station_id = s.station_id AND coalesce(c.installation_date <= s.stats_date, true)
) AS standing;
COMMENT ON VIEW {{ schema | identifier }}.station_utilisation IS
'How much of a day the chargers of each station were in use, all together';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.stats_date IS 'Business day';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.station_id IS 'Station';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.num_chargers IS
'Chargers of the station, apart from those installed later; without data too';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.num_sessions IS 'Sessions that began that day';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.total_energy IS 'kWh delivered that day';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.occupied_seconds IS
'Seconds with a car at a charger, added up over the chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.charging_seconds IS
'Seconds until charging had ended, added up over the chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.charger_seconds IS
'Seconds that the day has, times the number of chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.occupied_percentage IS
'Percent of the chargers'' day with a car at the charger';
COMMENT ON COLUMN {{ schema | identifier }}.station_utilisation.charging_percentage IS
'Percent of the chargers'' day until charging had ended';

CREATE OR REPLACE VIEW {{ schema | identifier }}.revenue_per_kwh AS
SELECT
    d.stats_date,
    c.station_id,
    d.charger_id,
    d.total_energy,
    d.total_revenue,
    d.revenue_completed,
    d.total_revenue - d.revenue_completed AS revenue_open,
    round(d.total_revenue / nullif(d.total_energy, 0), 2) AS revenue_per_kwh,
    round(d.energy_charge / nullif(d.total_energy, 0), 2) AS energy_charge_per_kwh
FROM {{ daily | identifier }} AS d
LEFT JOIN {{ chargers | identifier }} AS c ON c.charger_id = d.charger_id;
COMMENT ON VIEW {{ schema | identifier }}.revenue_per_kwh IS
'What a kilowatt-hour brought, by charger and day. Over more than a day or a charger, divide the sums';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.stats_date IS 'Business day';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.station_id IS 'Station where the charger stands now';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.charger_id IS 'Charger';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.total_energy IS 'kWh delivered that day';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.total_revenue IS 'KRW earned that day, paid or not';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.revenue_completed IS 'KRW of it that was paid';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.revenue_open IS 'KRW of it that is pending or failed';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.revenue_per_kwh IS
'KRW for each kWh, base, time and parking charges included';
COMMENT ON COLUMN {{ schema | identifier }}.revenue_per_kwh.energy_charge_per_kwh IS
'KRW for each kWh, of energy charges alone';

CREATE OR REPLACE VIEW {{ schema | identifier }}.session_success AS
WITH session AS (
    SELECT
        ((s.start_time AT TIME ZONE %(source_timezone)s) AT TIME ZONE %(business_timezone)s)::date AS stats_date,
        c.station_id,
        CASE
            WHEN s.error_code IS NOT NULL OR s.status IN ('error', 'failed') THEN 'failed'
            WHEN s.status = 'completed' THEN 'succeeded'
            ELSE 'undecided'
        END AS outcome
    FROM {{ log | identifier }} AS s
    LEFT JOIN {{ chargers | identifier }} AS c ON c.charger_id = s.charger_id
    WHERE isfinite(s.start_time)
),

station_day AS (
    SELECT
        stats_date,
        station_id,
        count(*) AS num_sessions,
        count(*) FILTER (WHERE outcome = 'succeeded') AS num_succeeded,
        count(*) FILTER (WHERE outcome = 'failed') AS num_failed
    FROM session
    GROUP BY stats_date, station_id
)

SELECT
    stats_date,
    station_id,
    num_sessions,
    num_succeeded,
    num_failed,
    num_sessions - num_succeeded - num_failed AS num_undecided,
    round(100.0 * num_succeeded / nullif(num_succeeded + num_failed, 0), 2) AS success_percentage
FROM station_day;
COMMENT ON VIEW {{ schema | identifier }}.session_success IS
'How many sessions succeeded, by the business day of their start: all sessions of the log, those in quarantine too';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.stats_date IS 'Business day';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.station_id IS
'Station; null for sessions of chargers that nobody knows';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.num_sessions IS 'Sessions that began that day';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.num_succeeded IS
'Sessions with status completed and no error code';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.num_failed IS
'Sessions with an error code, or status error or failed';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.num_undecided IS
'Sessions that are neither: still charging, or of another status';
COMMENT ON COLUMN {{ schema | identifier }}.session_success.success_percentage IS
'Percent that succeeded, of those that succeeded or failed';

CREATE OR REPLACE VIEW {{ schema | identifier }}.idle_chargers AS
SELECT
    c.charger_id,
    c.station_id,
    used.last_used,
    newest.stats_date AS newest_date,
    newest.stats_date - used.last_used AS idle_days,
    used.last_status
FROM {{ chargers | identifier }} AS c
CROSS JOIN (
    SELECT max(stats_date) AS stats_date
    FROM {{ daily | identifier }}
    WHERE stats_date <= {% include 'rollup/_today.sql' %}

) AS newest
CROSS JOIN LATERAL (
    SELECT
        (
            SELECT max(d.stats_date)
            FROM {{ daily | identifier }} AS d
            WHERE d.charger_id = c.charger_id AND d.active_sessions > 0 AND d.stats_date <= newest.stats_date
        ) AS last_used,
        (
            SELECT d.last_status
            FROM {{ daily | identifier }} AS d
            WHERE d.charger_id = c.charger_id AND d.last_status IS NOT NULL AND d.stats_date <= newest.stats_date
            ORDER BY d.stats_date DESC
            LIMIT 1
        ) AS last_status
) AS used;
COMMENT ON VIEW {{ schema | identifier }}.idle_chargers IS
'For how long each charger has not been used. Unused for a week: WHERE idle_days >= 7 OR last_used IS NULL';
COMMENT ON COLUMN {{ schema | identifier }}.idle_chargers.charger_id IS 'Charger';
COMMENT ON COLUMN {{ schema | identifier }}.idle_chargers.station_id IS 'Station where the charger stands now';
COMMENT ON COLUMN {{ schema | identifier }}.idle_chargers.last_used IS
'Last business day with a session, also one that began before; null: never';
COMMENT ON COLUMN {{ schema | identifier }}.idle_chargers.newest_date IS
'Newest business day of the statistics that is not in the future';
COMMENT ON COLUMN {{ schema | identifier }}.idle_chargers.idle_days IS
'Days from last_used to newest_date: 0 was used on the newest day; null: never used';
COMMENT ON COLUMN {{ schema | identifier }}.idle_chargers.last_status IS 'Status of its last sample';

CREATE OR REPLACE VIEW {{ schema | identifier }}.peak_hours AS
WITH weekday AS (
    SELECT
        extract(ISODOW FROM stats_date)::integer AS weekday,
        count(*) AS num_days
    FROM (SELECT DISTINCT stats_date FROM {{ daily | identifier }}) AS occurring
    WHERE stats_date <= {% include 'rollup/_today.sql' %}

    GROUP BY 1
),

local_hour AS (
    SELECT
        extract(ISODOW FROM stats_date)::integer AS weekday,
        hour_key,
        sum(num_sessions) AS num_sessions,
        sum(total_energy) AS total_energy
    FROM {{ hourly | identifier }}
    GROUP BY 1, 2
)

SELECT
    h.weekday,
    h.hour_key,
    w.num_days,
    h.num_sessions,
    h.total_energy,
    round(h.total_energy / w.num_days, 3) AS energy_per_day,
    round(100.0 * h.total_energy / nullif(sum(h.total_energy) OVER (), 0), 2) AS energy_percentage,
    rank() OVER (ORDER BY h.total_energy / w.num_days DESC) AS peak_rank
FROM local_hour AS h
INNER JOIN weekday AS w ON w.weekday = h.weekday;
COMMENT ON VIEW {{ schema | identifier }}.peak_hours IS
'Energy of all chargers by weekday and hour of the business clock, over all days of the statistics';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.weekday IS '1 Monday to 7 Sunday';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.hour_key IS
'Hour of the day, 00 to 23; 02+ is the second of two hours 02 of a night on which clocks go back';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.num_days IS 'Days of this weekday in the statistics';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.num_sessions IS 'Sessions that began in such hours';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.total_energy IS 'kWh delivered in such hours';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.energy_per_day IS
'kWh in such an hour, on average of those days';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.energy_percentage IS 'Percent of all energy';
COMMENT ON COLUMN {{ schema | identifier }}.peak_hours.peak_rank IS '1: the hour with most energy on average';

CREATE OR REPLACE VIEW {{ schema | identifier }}.station_uptime AS
WITH station_month AS (
    SELECT
        station_id,
        date_trunc('month', stats_date::timestamp)::date AS month,
        sum(up_seconds) AS up_seconds,
        sum(down_seconds) AS down_seconds,
        sum(maintenance_seconds) AS maintenance_seconds,
        sum(unknown_seconds) AS unknown_seconds,
        sum(fault_count) AS fault_count
    FROM {{ station | identifier }}
    GROUP BY 1, 2
)

SELECT
    month,
    station_id,
    up_seconds,
    down_seconds,
    maintenance_seconds,
    unknown_seconds,
    fault_count,
    round(100.0 * up_seconds / nullif(up_seconds + down_seconds, 0), 2) AS uptime_percentage,
    %(uptime_target)s::numeric AS uptime_target,
    100 * up_seconds >= %(uptime_target)s::numeric * nullif(up_seconds + down_seconds, 0) AS meets_target,
    round(
        100.0 * (up_seconds + down_seconds + maintenance_seconds)
        / nullif(up_seconds + down_seconds + maintenance_seconds + unknown_seconds, 0),
        2
    ) AS known_percentage
FROM station_month;
COMMENT ON VIEW {{ schema | identifier }}.station_uptime IS
'How much of a month the chargers of a station were up, against the target';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.month IS 'First business day of the month';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.station_id IS 'Station';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.up_seconds IS
'Seconds in which a charger was available, in use or reserved, added up over the chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.down_seconds IS
'Seconds in which a charger had a fault or was offline, added up over the chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.maintenance_seconds IS
'Seconds of maintenance, added up over the chargers; neither up nor down';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.unknown_seconds IS
'Seconds without a status, added up over the chargers; neither up nor down';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.fault_count IS 'Times that a charger went into FAULT';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.uptime_percentage IS 'Percent up, of the time up or down';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.uptime_target IS 'Percent that are asked for';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.meets_target IS
'Whether the exact share, before it is rounded, reaches the target; null where nothing is known';
COMMENT ON COLUMN {{ schema | identifier }}.station_uptime.known_percentage IS
'Percent of the chargers'' time of which a status is known';

CREATE OR REPLACE VIEW {{ schema | identifier }}.station_periods AS
WITH station_period AS (
    SELECT
        p.period,
        date_trunc(p.period, s.stats_date::timestamp)::date AS period_start,
        s.station_id,
        count(*) AS num_days,
        sum(s.num_sessions) AS num_sessions,
        sum(s.total_energy) AS total_energy,
        sum(s.total_revenue) AS total_revenue,
        sum(s.revenue_completed) AS revenue_completed,
        sum(s.revenue_pending) AS revenue_pending,
        sum(s.revenue_failed) AS revenue_failed,
        sum(s.occupied_seconds) AS occupied_seconds,
        sum(s.charging_seconds) AS charging_seconds,
        sum(s.up_seconds) AS up_seconds,
        sum(s.down_seconds) AS down_seconds,
        sum(s.fault_count) AS fault_count
    FROM {{ station | identifier }} AS s
    CROSS JOIN (VALUES ('week'), ('month'), ('year')) AS p (period)
    GROUP BY 1, 2, 3
)

SELECT
    period,
    period_start,
    station_id,
    num_days,
    num_sessions,
    total_energy,
    total_revenue,
    revenue_completed,
    revenue_pending,
    revenue_failed,
    occupied_seconds,
    charging_seconds,
    fault_count,
    round(total_energy / nullif(num_sessions, 0), 3) AS energy_per_session,
    round(total_revenue / nullif(num_sessions, 0), 2) AS revenue_per_session,
    round(total_revenue / nullif(total_energy, 0), 2) AS revenue_per_kwh,
    round(100.0 * up_seconds / nullif(up_seconds + down_seconds, 0), 2) AS uptime_percentage
FROM station_period;
COMMENT ON VIEW {{ schema | identifier }}.station_periods IS
'Weeks, months and years of each station: WHERE period = ''week'', ''month'' or ''year''';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.period IS 'week (from Monday), month or year';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.period_start IS 'First business day of the period';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.station_id IS 'Station';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.num_days IS 'Days of the period that have statistics';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.num_sessions IS 'Sessions that began in the period';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.total_energy IS 'kWh delivered';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.total_revenue IS 'KRW earned, paid or not';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.revenue_completed IS 'KRW of it that was paid';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.revenue_pending IS 'KRW of it that is to be paid';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.revenue_failed IS 'KRW of it whose payment failed';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.occupied_seconds IS
'Seconds with a car at a charger, added up over the chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.charging_seconds IS
'Seconds until charging had ended, added up over the chargers';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.fault_count IS 'Times that a charger went into FAULT';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.energy_per_session IS 'kWh for each session';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.revenue_per_session IS 'KRW for each session';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.revenue_per_kwh IS 'KRW for each kWh';
COMMENT ON COLUMN {{ schema | identifier }}.station_periods.uptime_percentage IS 'Percent up, of the time up or down';
