-- The role that pg_dump runs as: it reads everything in the databases that it may enter, and writes nothing.
-- Parameters: role; database (the one connected to); owner (the role that makes large objects there).
-- Run as a superuser, in each database to be dumped; in one transaction; again at will. The password is set
-- apart (password.sql, or psql's \password).
-- Locks: rows of the catalogs only; nobody waits.
--
-- Tables, views and sequences: pg_read_all_data covers those to come as well.
-- Large objects: pg_read_all_data does not cover them. Those that exist are granted here one by one; those to
-- come are covered from PostgreSQL 18 on, and before that by running this again: pg_dump names the first that
-- it may not read, and fails.
-- Row security: BYPASSRLS is not given. pg_dump fails rather than leave out rows that a policy hides; if
-- it is to dump such a table, a superuser decides that: ALTER ROLE … BYPASSRLS.
-- Verifiers of passwords: pg_read_all_data covers pg_authid too, so that pg_dumpall --globals-only is complete. Guard
-- this role's password, and what it dumps, accordingly.

{% include 'roles/_login_role.sql' %}

GRANT CONNECT ON DATABASE {{ database | identifier }} TO {{ role | identifier }};
GRANT pg_read_all_data TO {{ role | identifier }};

SET LOCAL pgpipelines.owner = {{ owner | identifier }};
DO $large_objects$
DECLARE
    dumper text := quote_ident(current_setting('pgpipelines.role'));
    large_object oid;
BEGIN
    FOR large_object IN
        SELECT oid FROM pg_largeobject_metadata
        WHERE NOT EXISTS (
            SELECT FROM aclexplode(lomacl)
            WHERE grantee::regrole::text = dumper AND privilege_type = 'SELECT'
        )
    LOOP
        EXECUTE 'GRANT SELECT ON LARGE OBJECT ' || large_object || ' TO ' || dumper;
    END LOOP;
    IF current_setting('server_version_num')::integer >= 180000 THEN
        EXECUTE 'ALTER DEFAULT PRIVILEGES FOR ROLE ' || quote_ident(current_setting('pgpipelines.owner'))
            || ' GRANT SELECT ON LARGE OBJECTS TO ' || dumper;
    END IF;
END
$large_objects$;
