-- The role that sets are restored as, where that is to be no superuser: it makes databases, and what it restores
-- belongs to the roles that it belonged to, of which this one is a member.
-- Parameters: role; database (the one connected to: the server's postgres, from where databases are made and renamed);
-- owners (list of roles: those that own databases, or anything in them).
-- Run as a superuser, in one transaction; again at will. The password is set apart (password.sql, or psql's \password).
-- Locks: rows of the catalogs only; nobody waits.
--
-- pg_read_all_data: to compare what was restored, large objects too. As a member of the owners it may do what they may.
-- A superuser is still needed to make roles that the server lacks, and for what only a superuser may have made: event
-- triggers, extensions that are not trusted, publications of all tables, settings of a role in the database.
-- To throw out sessions of roles that are not among the owners: GRANT pg_signal_backend TO ….

{% set creates_databases = true %}
{% include 'roles/_login_role.sql' %}

ALTER ROLE {{ role | identifier }} CREATEDB;
GRANT CONNECT ON DATABASE {{ database | identifier }} TO {{ role | identifier }};
GRANT pg_read_all_data TO {{ role | identifier }};
{% for owner in owners %}
GRANT {{ owner | identifier }} TO {{ role | identifier }};
{% endfor %}
