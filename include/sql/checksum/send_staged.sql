-- Streams what a merge of the staged rows would add to the checksum of the target: for each bucket, their sums less
-- those of the target's rows that they would replace; in the order of the buckets.
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
            {{ key | identifiers }},
            {% include 'checksum/key_bucket.sql' %} AS "pgpipelines bucket",
            "pgpipelines hash" AS "pgpipelines staged"
        FROM {{ staging | identifier }}
    ) AS staged
    LEFT JOIN LATERAL (
        SELECT
            {% include 'checksum/key_bucket.sql' %} AS "pgpipelines bucket",
            {% include 'checksum/row_hash.sql' %} AS "pgpipelines found"
        FROM {{ selection.table | identifier(only=selection.only) }} AS target
        WHERE {{ key | matching("target", "staged") }}
    ) AS present ON true
    CROSS JOIN LATERAL (
        VALUES
        (staged."pgpipelines bucket", bigint '1', staged."pgpipelines staged"),
        (present."pgpipelines bucket", bigint '-1', present."pgpipelines found")
    ) AS step (bucket, sign, "pgpipelines hash")
    WHERE bucket IS NOT NULL
    GROUP BY bucket
    ORDER BY bucket
) TO STDOUT
