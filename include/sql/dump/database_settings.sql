-- With which settings sessions of a database begin: those of all roles (called '') and those of one.
-- Parameters: bound: database. Locks nothing.
SELECT
    coalesce(r.rolname::text, '') AS role,
    split_part(c.setting, '=', 1) AS name,
    substr(c.setting, strpos(c.setting, '=') + 1) AS value
FROM pg_db_role_setting AS s
INNER JOIN pg_database AS d ON s.setdatabase = d.oid
CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
LEFT JOIN pg_roles AS r ON s.setrole = r.oid
WHERE d.datname = %(database)s
ORDER BY coalesce(r.rolname::text, '') COLLATE "C", c.setting COLLATE "C";
