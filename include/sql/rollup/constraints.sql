-- The keys and foreign keys of a table that this role may take off and put back, unless other tables refer to one.
-- Parameters: bound: schema, name (of the table). Locks nothing.
SELECT
    con.conname AS name,
    pg_get_constraintdef(con.oid) AS definition
FROM pg_constraint AS con
INNER JOIN pg_class AS c ON c.oid = con.conrelid
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE
    n.nspname = %(schema)s
    AND c.relname = %(name)s
    AND con.contype IN ('p', 'u', 'f')
    AND pg_has_role(c.relowner, 'USAGE')
    AND (con.contype <> 'f' OR has_table_privilege(con.confrelid, 'REFERENCES'))
    AND NOT EXISTS (SELECT FROM pg_constraint AS other WHERE other.confrelid = con.conrelid)
ORDER BY con.contype = 'f', con.conname;
