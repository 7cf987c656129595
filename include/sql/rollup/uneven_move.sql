-- The end of the first week in which the clocks of the business zone move by part of an hour, so that hours begin at
-- another minute than before: one that comes within a year, or that some session is older than. Null where none is.
-- Parameters: log (table). Bound: business_timezone, earliest_start, now. Locks ACCESS SHARE on the log.
WITH listed AS (
    SELECT
        day,
        extract(epoch FROM day AT TIME ZONE %(business_timezone)s - day AT TIME ZONE 'UTC')::integer %% 3600 AS past
    FROM generate_series(%(earliest_start)s::timestamptz, %(now)s::timestamptz + interval '1 year', '7 days') AS day
),

compared AS (
    SELECT
        day,
        past <> lag(past) OVER (ORDER BY day) AS has_moved
    FROM listed
)

SELECT min(c.day)::date AS day
FROM compared AS c
WHERE
    c.has_moved
    AND (
        c.day >= %(now)s
        OR EXISTS (
            SELECT
            FROM {{ log | identifier }} AS s
            WHERE s.start_time >= %(earliest_start)s AND s.start_time < c.day AT TIME ZONE 'UTC'
        )
    );
