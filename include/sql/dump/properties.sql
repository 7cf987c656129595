-- What makes a database besides its content: names differ by version, so that some are looked up as JSON.
-- Parameters: bound: database. Locks nothing.
SELECT
    pg_get_userbyid(d.datdba)::text AS owner,
    coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
    coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '') AS locale,
    coalesce(to_jsonb(d) ->> 'daticurules', '') AS rules,
    d.datconnlimit AS connection_limit,
    coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment
FROM pg_database AS d
WHERE d.datname = %(database)s;
