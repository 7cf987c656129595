-- The buckets that are not equal on both sides. Parameters: expected (table). Locks nothing that others see.
SELECT coalesce(expected.bucket, found.bucket) AS bucket
FROM {{ expected | identifier }} AS expected
FULL JOIN pg_temp.pgpipelines_found_buckets AS found ON expected.bucket = found.bucket
WHERE expected.rows IS DISTINCT FROM found.rows OR expected.hash IS DISTINCT FROM found.hash;
