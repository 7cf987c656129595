-- The types and collations of a query's columns, as oids; a collation is 0 where there is none, or none is known.
-- A result names the type below a domain only, so the columns themselves are asked, as NULLs: no row is read.
-- The user's names are found by the role's search_path here, so ours say where they are.
-- Parameters: selection (with a query), columns (names). Locks ACCESS SHARE on the tables that the query reads.
SELECT
    described.type_oid,
    described.collation_oid
FROM (SELECT) AS one_row
LEFT JOIN
    {% include 'copy/selected.sql' %}
    ON false
CROSS JOIN LATERAL (
    VALUES
    {% for name in columns %}
    {% set column = name | identifier %}
    (
        {{ loop.index }},
        pg_catalog.pg_typeof(selected.{{ column }})::oid,
        CASE
            WHEN EXISTS (
                SELECT FROM pg_catalog.pg_type AS t
                WHERE t.oid = pg_catalog.pg_typeof(selected.{{ column }})::oid AND t.typcollation <> '0'
            )
                THEN coalesce(pg_catalog.to_regcollation(pg_catalog.pg_collation_for(selected.{{ column }}))::oid, 0)
            ELSE 0
        END
    ){% if not loop.last %},{% endif %}

    {% endfor %}
) AS described (number, type_oid, collation_oid)
ORDER BY described.number;
