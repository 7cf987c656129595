-- What a plain table has that a partitioned one can't have, or that would stay behind with the old table.
-- Parameters: bound: oid. Locks nothing.
SELECT 'foreign key ' || conname || ' of ' || conrelid::regclass || ' points to it' AS obstacle
FROM pg_constraint
WHERE confrelid = %(oid)s AND contype = 'f'
UNION ALL
-- The time is added to the columns of a key; whatever else it says (DEFERRABLE, INCLUDE, NULLS NOT DISTINCT) would go.
SELECT 'constraint ' || conname || ' is more than a list of columns'
FROM pg_constraint
WHERE
    conrelid = %(oid)s
    AND (
        contype = 'x'
        OR (contype IN ('p', 'u') AND pg_get_constraintdef(oid) !~ '^(PRIMARY KEY|UNIQUE) \([^()]+\)$')
    )
UNION ALL
SELECT 'unique index ' || i.indexrelid::regclass || ' is no constraint'
FROM pg_index AS i
WHERE
    i.indrelid = %(oid)s AND i.indisunique
    AND NOT EXISTS (SELECT FROM pg_constraint AS con WHERE con.conindid = i.indexrelid AND con.conrelid = i.indrelid)
UNION ALL
SELECT 'identity column ' || attname
FROM pg_attribute
WHERE attrelid = %(oid)s AND attidentity <> '' AND NOT attisdropped
UNION ALL
SELECT 'tables inherit from it, or it inherits'
WHERE EXISTS (SELECT FROM pg_inherits WHERE inhparent = %(oid)s OR inhrelid = %(oid)s)
UNION ALL
SELECT 'row security, a policy or a replica identity'
WHERE
    EXISTS (SELECT FROM pg_policy WHERE polrelid = %(oid)s)
    OR EXISTS (
        SELECT FROM pg_class
        WHERE oid = %(oid)s AND (relrowsecurity OR relpersistence = 'u' OR relreplident NOT IN ('d', 'n'))
    )
UNION ALL
SELECT 'storage parameters, or a tablespace of its own: they belong to partitions'
FROM pg_class
WHERE oid = %(oid)s AND (reloptions IS NOT NULL OR reltablespace <> 0)
UNION ALL
SELECT 'rule ' || rulename
FROM pg_rewrite
WHERE ev_class = %(oid)s
UNION ALL
SELECT 'publication ' || p.pubname
FROM pg_publication_rel AS r
INNER JOIN pg_publication AS p ON r.prpubid = p.oid
WHERE r.prrelid = %(oid)s
UNION ALL
SELECT 'trigger ' || tgname || ' is disabled, or fires for replicas'
FROM pg_trigger
WHERE tgrelid = %(oid)s AND NOT tgisinternal AND tgenabled <> 'O'
UNION ALL
SELECT 'trigger ' || tgname || ' sees each row with a transition table'
FROM pg_trigger
WHERE
    tgrelid = %(oid)s AND NOT tgisinternal AND tgtype & 1 = 1
    AND (tgoldtable IS NOT NULL OR tgnewtable IS NOT NULL)
UNION ALL
-- Views are given the new table; whatever else names the old one would go on with it.
SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) || ' depends on it'
FROM pg_depend AS d
LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
LEFT JOIN pg_class AS v ON r.ev_class = v.oid
WHERE
    d.refclassid = 'pg_class'::regclass AND d.refobjid = %(oid)s AND d.deptype = 'n'
    AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass)
    AND v.relkind IS DISTINCT FROM 'v'
ORDER BY 1;
