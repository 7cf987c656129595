-- What a server must be told apart by and able to do, on which a drill restores. Parameters: none. Locks nothing.
SELECT
    current_setting('server_version') AS version,
    (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
    (SELECT f.rolname::text FROM pg_roles AS f WHERE f.oid = 10) AS first_role,
    r.rolsuper AS superuser
FROM pg_roles AS r
WHERE r.rolname = current_user;
