-- The role that watches a server: activity, statistics, sizes and settings of every database, data of none.
-- Parameters: role; database (the one connected to).
-- Run as a superuser, in each database to be watched from within; in one transaction; again at will. The
-- password is set apart (password.sql, or psql's \password).
-- Locks: rows of the catalogs only; nobody waits.
--
-- It sees the text of running statements (pg_stat_activity), so literals in them are visible to it.

{% include 'roles/_login_role.sql' %}

GRANT CONNECT ON DATABASE {{ database | identifier }} TO {{ role | identifier }};
GRANT pg_monitor TO {{ role | identifier }};
