-- What the rows of a month come to, how many of its sessions have not ended, and how far the others reach: one that
-- ends before it starts reaches no further than its month.
-- Parameters: partition, sessions (whether its rows are sessions, or samples); bound: until_time.
-- Locks SHARE on the partition until the transaction ends: readers go on.
LOCK TABLE {{ partition | identifier }} IN SHARE MODE;

SELECT
    {% include 'partitions/_totals.sql' %},
    {% if sessions %}
    count(*) FILTER (WHERE end_time IS NULL) AS unfinished,
    -- Later than any clock could be is late enough.
    least(greatest(max(end_time), %(until_time)s::timestamp), '9999-12-31') AS frozen_until
    {% else %}
    0::bigint AS unfinished,
    %(until_time)s::timestamp AS frozen_until
    {% endif %}
FROM {{ partition | identifier }};
