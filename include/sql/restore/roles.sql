-- The roles of the server, and whether this one may make more that are like those of another.
-- Parameters: none. Locks nothing.
SELECT
    array_agg(rolname::text) AS names,
    bool_or(rolsuper) FILTER (WHERE rolname = current_user) AS superuser
FROM pg_roles;
