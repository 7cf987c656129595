-- How many samples a month has. Parameters: partition; bound: until_time.
-- Locks SHARE on the partition until the transaction ends: readers go on.
LOCK TABLE {{ partition | identifier }} IN SHARE MODE;

SELECT
    count(*) AS rows,
    0::bigint AS unfinished,
    NULL::numeric AS energy_wh,
    NULL::numeric AS revenue,
    %(until_time)s::timestamp AS frozen_until
FROM {{ partition | identifier }};
