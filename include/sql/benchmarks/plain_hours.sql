-- The least that statistics by hour are: energy, money and counts, apportioned by time so that a session's parts add
-- up; no meters, no dirt, no open sessions, nothing that follows changes. Of a share of the chargers, into plain_hours.
-- Parameters: bound: first_charger, end_charger (null: no end). Locks: writes to plain_hours.
SET work_mem = '64MB';

INSERT INTO plain_hours
SELECT
    charger_id,
    stats_hour,
    count(*) FILTER (WHERE hour = 0) AS num_sessions,
    0.001 * sum((energy_wh * until_s + lasts_s / 2) / lasts_s - (energy_wh * from_s + lasts_s / 2) / lasts_s)
    AS total_energy,
    0.01 * sum((revenue * until_s + lasts_s / 2) / lasts_s - (revenue * from_s + lasts_s / 2) / lasts_s)
    AS total_revenue
FROM (
    SELECT
        charger_id,
        hour,
        lasts_s,
        energy_wh,
        revenue,
        first_hour + hour * interval '1 hour' AS stats_hour,
        greatest(0, 3600 * hour - into_s) AS from_s,
        least(lasts_s, 3600 * (hour + 1) - into_s) AS until_s
    FROM (
        SELECT
            *,
            generate_series(0, (into_s + lasts_s - 1) / 3600) AS hour
        FROM (
            SELECT
                charger_id,
                date_trunc('hour', start_time) AS first_hour,
                (1000 * energy_delivered)::bigint AS energy_wh,
                (100 * total_charge)::bigint AS revenue,
                greatest(1, date_part('epoch', end_time - start_time))::bigint AS lasts_s,
                date_part('epoch', start_time - date_trunc('hour', start_time))::bigint AS into_s
            FROM charger_usage_log
            WHERE charger_id >= %(first_charger)s AND (%(end_charger)s::text IS NULL OR charger_id < %(end_charger)s)
        ) AS session
    ) AS of_hour
) AS part
GROUP BY charger_id, stats_hour;
