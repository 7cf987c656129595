-- What the sessions of a month come to, and how far they reach: one that is open, or ends before it starts, reaches no
-- further than its start.
-- Parameters: partition; bound: until_time. Locks SHARE on the partition until the transaction ends: readers go on.
LOCK TABLE {{ partition | identifier }} IN SHARE MODE;

SELECT
    count(*) AS rows,
    count(*) FILTER (WHERE end_time IS NULL) AS unfinished,
    coalesce(sum(round(energy_delivered * 1000)), 0) AS energy_wh,
    coalesce(
        sum(
            coalesce(
                total_charge,
                coalesce(base_charge, 0) + coalesce(energy_charge, 0)
                + coalesce(time_charge, 0) + coalesce(parking_charge, 0)
            )
        ),
        0
    ) AS revenue,
    -- Later than any clock could be is late enough.
    least(greatest(max(end_time), %(until_time)s::timestamp), '9999-12-31') AS frozen_until
FROM {{ partition | identifier }};
