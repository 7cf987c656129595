-- Into how many slices the numbers between the lowest and the highest key fall (checksum/sought_rows.sql). An index on
-- the key answers at once. Parameters: table, only (not those that inherit from it), key (name, of one number), buckets
-- (a power of two). Locks ACCESS SHARE on the table.
SELECT
    coalesce(
        (int8shr(highest::int8, 4) - (int8shr(lowest::int8, 4) & (-bigint '{{ buckets }}'))) / bigint '{{ buckets }}',
        0
    ) + 1 AS slices
FROM (
    SELECT
        (SELECT min({{ key | identifier }}) FROM {{ table | identifier(only=only) }}) AS lowest,
        (SELECT max({{ key | identifier }}) FROM {{ table | identifier(only=only) }}) AS highest
) AS keys;
