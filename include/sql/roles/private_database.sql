-- Takes away what every role may do in a database by default: enter it, and make temporary tables there.
-- Parameters: database.
-- Run as the database's owner or a superuser; again at will. The owner keeps its rights; any other role that
-- has relied on the default needs GRANT CONNECT from then on, so look at pg_stat_activity first.
-- Locks: rows of the catalogs only; nobody waits.
REVOKE CONNECT, TEMPORARY ON DATABASE {{ database | identifier }} FROM PUBLIC;
