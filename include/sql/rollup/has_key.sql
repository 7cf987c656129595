-- Whether a unique key of a table consists of these columns, or did until a run has set it aside.
-- Parameters: bound: schema, name (of the table), table_text (both, as set_aside.sql had them), key (names of its
-- columns). Locks nothing.
SELECT
    EXISTS (
        SELECT
        FROM pg_index AS i
        INNER JOIN pg_class AS c ON c.oid = i.indrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE
            n.nspname = %(schema)s
            AND c.relname = %(name)s
            AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
            AND ARRAY(
                SELECT a.attname::text
                FROM unnest(i.indkey::smallint []) WITH ORDINALITY AS k (number, place)
                LEFT JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
                WHERE k.place <= i.indnkeyatts
                ORDER BY a.attname
            ) = ARRAY(SELECT unnest(%(key)s::text []) AS name ORDER BY name)
    )
    OR EXISTS (
        SELECT FROM pgpipelines.set_aside
        WHERE table_name = %(table_text)s AND definition NOT LIKE 'FOREIGN KEY%%'
    ) AS has_key;
