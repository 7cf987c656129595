-- The foreign keys of a table, each cut where its definition names the referenced table; those of partitions that came
-- from their parent are left out. to_jsonb, because only PostgreSQL 18 has conperiod.
-- Parameters: oid. Locks nothing.
WITH written AS (
    SELECT
        con.oid,
        con.conname AS name,
        n.nspname AS schema,
        c.relname AS "table",
        pg_get_constraintdef(con.oid) AS definition,
        'FOREIGN KEY (' || (
            SELECT
                string_agg(
                    CASE
                        WHEN
                            k.position = cardinality(con.conkey)
                            AND coalesce((to_jsonb(con) ->> 'conperiod')::boolean, false)
                            THEN 'PERIOD '
                        ELSE ''
                    END || quote_ident(a.attname), ', '
                    ORDER BY k.position
                )
            FROM unnest(con.conkey) WITH ORDINALITY AS k (attnum, position)
            INNER JOIN pg_attribute AS a ON con.conrelid = a.attrelid AND k.attnum = a.attnum
        ) || ') REFERENCES ' AS head,
        quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS referenced,
        ARRAY(
            SELECT a.attname::text
            FROM pg_attribute AS a
            WHERE a.attrelid = con.confrelid AND a.attnum = ANY(con.confkey)
        ) AS key
    FROM pg_constraint AS con
    INNER JOIN pg_class AS c ON con.confrelid = c.oid
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE con.conrelid = %(oid)s AND con.contype = 'f' AND con.conparentid = 0
)

SELECT
    name,
    schema,
    "table",
    head,
    substr(definition, length(head || referenced) + 1) AS tail,
    key,
    obj_description(oid, 'pg_constraint') AS comment
FROM written
ORDER BY name;
