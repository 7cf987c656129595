-- Some keys of staged rows whose target row is missing or has another hash than the source computed, and of rows that
-- should be gone and are not. Parameters: staging, wanted (tables), selection (the target), columns, key_columns,
-- transcode; bound: most (how many to name). Locks ACCESS SHARE on the target.
WITH found AS (
    SELECT
        {{ key_columns | map(attribute='name') | identifiers }},
        {% include 'checksum/row_hash.sql' %} AS "pgpipelines hash"
    FROM {{ selection.table | identifier }}
    WHERE ({{ key_columns | map(attribute='name') | identifiers }}) IN (
        SELECT {{ key_columns | map(attribute='name') | identifiers }} FROM {{ staging | identifier }}
    )
),

lasting AS (
    SELECT {{ key_columns | map(attribute='name') | identifiers("wanted") }}
    FROM {{ wanted | identifier }} AS wanted
    INNER JOIN {{ selection.table | identifier }} AS target
        ON {{ key_columns | map(attribute='name') | list | matching("wanted", "target") }}
    WHERE NOT EXISTS (
        SELECT FROM {{ staging | identifier }} AS staged
        WHERE {{ key_columns | map(attribute='name') | list | matching("wanted", "staged") }}
    )
)

(
    SELECT
        ROW({{ key_columns | map(attribute='name') | identifiers("staged") }})::text AS key,
        CASE WHEN found."pgpipelines hash" IS NULL THEN 'missing' ELSE 'different' END AS kind
    FROM {{ staging | identifier }} AS staged
    LEFT JOIN found ON {{ key_columns | map(attribute='name') | list | matching("staged", "found") }}
    WHERE found."pgpipelines hash" IS DISTINCT FROM staged."pgpipelines hash"
    LIMIT %(most)s
)
UNION ALL
(
    SELECT
        ROW({{ key_columns | map(attribute='name') | identifiers }})::text,
        'extra'
    FROM lasting
    LIMIT %(most)s
);
