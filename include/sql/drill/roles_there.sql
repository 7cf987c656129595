-- Those of some roles that this server has. Parameters: bound: names. Locks nothing.
SELECT r.rolname::text AS name
FROM pg_roles AS r
WHERE r.rolname::text = ANY (%(names)s)
ORDER BY r.rolname;
