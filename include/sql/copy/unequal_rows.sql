-- Some keys of staged rows whose target row is missing or has another hash than the source computed, and of rows that
-- should be gone and are not. Parameters: staging, wanted (tables), selection (the target), columns, key_columns,
-- transcode; bound: most (how many to name). Locks ACCESS SHARE on the target.
{% set key = key_columns | map(attribute='name') | list %}
-- All are found before some are named: the planner would take a few for cheap to find, by going through all.
WITH unequal AS MATERIALIZED (
    SELECT
        ROW({{ key | identifiers("staged") }})::text AS key,
        found."pgpipelines found" IS NULL AS missing
    FROM {{ staging | identifier }} AS staged
    LEFT JOIN LATERAL (
        SELECT
            {% include 'checksum/row_hash.sql' %} AS "pgpipelines found"
        FROM {{ selection.table | identifier(only=selection.only) }} AS target
        WHERE {{ key | matching("target", "staged") }}
    ) AS found ON true
    WHERE found."pgpipelines found" IS DISTINCT FROM staged."pgpipelines hash"
),

lasting AS MATERIALIZED (
    SELECT ROW({{ key | identifiers("wanted") }})::text AS key
    FROM {{ wanted | identifier }} AS wanted
    INNER JOIN {{ selection.table | identifier(only=selection.only) }} AS target
        ON {{ key | matching("wanted", "target") }}
    WHERE NOT EXISTS (
        SELECT FROM {{ staging | identifier }} AS staged
        WHERE {{ key | matching("wanted", "staged") }}
    )
)

(
    SELECT
        key,
        CASE WHEN missing THEN 'missing' ELSE 'different' END AS kind
    FROM unequal
    LIMIT %(most)s
)
UNION ALL
(
    SELECT
        key,
        'extra'
    FROM lasting
    LIMIT %(most)s
);
