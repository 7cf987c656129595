-- How many rows a merge would insert, update and delete. Parameters: table, only (not those that inherit from it),
-- staging, wanted (tables), key (names), names (of the columns). Locks ACCESS SHARE on the table.
SELECT
    count(*) FILTER (WHERE target."pgpipelines here" IS NULL) AS inserted,
    count(*) FILTER (
        WHERE target."pgpipelines here" AND ROW({{ names | identifiers("target") }})::record
        *<> ROW({{ names | identifiers("staged") }})::record
    ) AS updated,
    (
        SELECT count(*)
        FROM {{ wanted | identifier }} AS wanted
        INNER JOIN {{ table | identifier(only=only) }} AS target ON {{ key | matching("wanted", "target") }}
        WHERE NOT EXISTS (
            SELECT FROM {{ staging | identifier }} AS staged
            WHERE {{ key | matching("wanted", "staged") }}
        )
    ) AS deleted
FROM {{ staging | identifier }} AS staged
LEFT JOIN (
    SELECT
        {{ names | identifiers }},
        true AS "pgpipelines here"
    FROM {{ table | identifier(only=only) }}
) AS target ON {{ key | matching("target", "staged") }};
