-- Whether one transaction may be in charger_usage_log twice: no unique index keeps it out.
-- Parameters: bound: schema, name (of the table). Locks nothing.
SELECT
    NOT EXISTS (
        SELECT
        FROM pg_index AS i
        INNER JOIN pg_class AS c ON c.oid = i.indrelid
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE
            n.nspname = %(schema)s
            AND c.relname = %(name)s
            AND a.attname = 'transaction_id'
            AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL
    ) AS repeatable;
