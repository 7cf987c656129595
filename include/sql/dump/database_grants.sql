-- What roles may do in a database as a whole; everybody's role is called ''.
-- Parameters: bound: database. Locks nothing.
SELECT
    coalesce(r.rolname::text, '') AS role,
    g.privilege_type AS privilege,
    g.is_grantable AS grantable
FROM pg_database AS d
CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS g
LEFT JOIN pg_roles AS r ON g.grantee = r.oid
WHERE d.datname = %(database)s
ORDER BY coalesce(r.rolname::text, '') COLLATE "C", g.privilege_type COLLATE "C", g.is_grantable;
