-- The role that takes physical backups: it copies a whole server by the replication protocol, and enters one database
-- to see to its write-ahead log being archived.
-- Parameters: role; database (the one connected to).
-- Run as a superuser, in one transaction; again at will. The password is set apart (password.sql, or psql's
-- \password). pg_hba.conf has to let it in: `host replication` for the backup, and the database.
-- Locks: rows of the catalogs only; nobody waits.
--
-- REPLICATION is much: who has it can copy everything, and can keep the server from removing WAL. It reads and writes
-- no table. Guard its password as a superuser's.
-- pg_switch_wal ends the current segment early, for the drill not to wait until it is full.

{% set replicates = true %}
{% include 'roles/_login_role.sql' %}

ALTER ROLE {{ role | identifier }} REPLICATION;
GRANT CONNECT ON DATABASE {{ database | identifier }} TO {{ role | identifier }};
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {{ role | identifier }};
