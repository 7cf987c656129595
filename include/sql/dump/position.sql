-- Where a sequence stands now: a sequence knows no snapshot.
-- Parameters: sequence. Locks ACCESS SHARE on it.
SELECT
    last_value,
    is_called
FROM {{ sequence | identifier }};
