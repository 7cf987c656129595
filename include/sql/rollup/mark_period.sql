-- Marks business days of every charger and station, both included; nulls mean from the beginning, or until the end.
-- Days are marked beside hours, for hours that come out as they were mark none.
-- Parameters: hourly, daily, station, chargers (tables). Bound: first, last (dates), business_timezone,
-- source_timezone. Locks nothing that others wait for.
INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
VALUES (
    NULL,
    coalesce(
        -- An hour earlier, for a clock may show midnight twice.
        (%(first)s::date::timestamp AT TIME ZONE %(business_timezone)s - interval '1 hour')
        AT TIME ZONE %(source_timezone)s,
        '-infinity'
    ),
    coalesce(
        ((%(last)s::date + 1)::timestamp AT TIME ZONE %(business_timezone)s) AT TIME ZONE %(source_timezone)s
        - interval '1 microsecond',
        'infinity'
    )
);

INSERT INTO pgpipelines.dirty_day (charger_id, stats_date)
SELECT charger_id, stats_date FROM {{ hourly | identifier }}
WHERE stats_date BETWEEN coalesce(%(first)s::date, '-infinity') AND coalesce(%(last)s::date, 'infinity')
UNION
SELECT charger_id, stats_date FROM {{ daily | identifier }}
WHERE stats_date BETWEEN coalesce(%(first)s::date, '-infinity') AND coalesce(%(last)s::date, 'infinity');

INSERT INTO pgpipelines.dirty_station_day (station_id, stats_date)
SELECT station_id, stats_date FROM {{ station | identifier }}
WHERE stats_date BETWEEN coalesce(%(first)s::date, '-infinity') AND coalesce(%(last)s::date, 'infinity')
UNION
SELECT c.station_id, d.stats_date
FROM {{ daily | identifier }} AS d
INNER JOIN {{ chargers | identifier }} AS c ON c.charger_id = d.charger_id
WHERE
    c.station_id IS NOT NULL
    AND d.stats_date BETWEEN coalesce(%(first)s::date, '-infinity') AND coalesce(%(last)s::date, 'infinity');
