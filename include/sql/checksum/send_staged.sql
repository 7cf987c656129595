-- Streams what staged rows would add to the checksum of the target: for each bucket, their sums less those of the
-- target's rows with the same keys; in the order of the buckets.
-- Parameters: staging (table), selection (the target), key_columns (not empty), columns, buckets, transcode.
-- Locks ACCESS SHARE on the target.
{% set key = key_columns | map(attribute='name') | list %}
COPY (
    SELECT
        bucket,
        sum(sign) AS rows,
        sum(sign * {% include 'checksum/high.sql' %}) AS high,
        sum(sign * {% include 'checksum/low.sql' %}) AS low
    FROM (
        SELECT
            {% include 'checksum/key_bucket.sql' %} AS bucket,
            bigint '1' AS sign,
            "pgpipelines hash"
        FROM {{ staging | identifier }}
        UNION ALL
        SELECT
            present.bucket,
            bigint '-1',
            present."pgpipelines hash"
        FROM {{ staging | identifier }} AS staged
        CROSS JOIN LATERAL (
            SELECT
                {% include 'checksum/key_bucket.sql' %} AS bucket,
                {% include 'checksum/row_hash.sql' %} AS "pgpipelines hash"
            FROM {{ selection.table | identifier(only=selection.only) }} AS target
            WHERE {{ key | matching("target", "staged") }}
        ) AS present
    ) AS signed
    GROUP BY bucket
    ORDER BY bucket
) TO STDOUT
