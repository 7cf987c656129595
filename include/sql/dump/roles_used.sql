-- The roles that this database can't be restored without: they own something in it, or were granted something there.
-- Roles that PostgreSQL brings are everywhere. Parameters: none. Locks nothing.
WITH this AS (
    SELECT oid FROM pg_database WHERE datname = current_database()
)

SELECT DISTINCT r.rolname::text COLLATE "C" AS name
FROM pg_shdepend AS s
INNER JOIN this ON s.dbid = this.oid OR (s.classid = 'pg_database'::regclass AND s.objid = this.oid)
INNER JOIN pg_roles AS r ON s.refobjid = r.oid
WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname NOT LIKE 'pg\_%%'
ORDER BY 1;
