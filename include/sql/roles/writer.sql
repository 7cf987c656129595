-- The role that copies write a target as: it makes schemas and tables, and owns what it makes.
-- Parameters: role; database (the one connected to); schemas (list of existing schemas to publish in).
-- Run as a superuser or as the database's owner who may create roles; in one transaction; again at will.
-- The password is set apart (password.sql, or psql's \password).
-- Locks: rows of the catalogs only; nobody waits.
--
-- It may not read or change tables of another owner. To replace the content of such a table, its owner
-- gives that table alone: GRANT SELECT, INSERT, UPDATE, DELETE ON … TO ….

{% include 'roles/_login_role.sql' %}

GRANT CONNECT, TEMPORARY, CREATE ON DATABASE {{ database | identifier }} TO {{ role | identifier }};
{% for schema in schemas %}
GRANT USAGE, CREATE ON SCHEMA {{ schema | identifier }} TO {{ role | identifier }};
{% endfor %}
-- The ledger and the watermarks: state lives beside the data that it describes.
CREATE SCHEMA IF NOT EXISTS pgpipelines AUTHORIZATION {{ role | identifier }};
