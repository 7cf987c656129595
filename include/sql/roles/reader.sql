-- The role that copies read a source as: it reads the tables of some schemas, and does nothing else.
-- Parameters: role; database (the one connected to); schemas (list); owner (the role that makes tables there:
-- its future tables are readable too).
-- Run as a superuser, or as a role that owns the database and schemas, may create roles and is a member of owner;
-- in one transaction; again at will. The password is set apart (password.sql, or psql's \password).
-- Locks: rows of the catalogs only; nobody waits.
--
-- Row security: policies hold for this role, and BYPASSRLS is not given. Where policies hide rows a
-- copy says so and stops; if it is to see all rows, a superuser decides that: ALTER ROLE … BYPASSRLS.

{% include 'roles/_login_role.sql' %}

GRANT CONNECT ON DATABASE {{ database | identifier }} TO {{ role | identifier }};
{% for schema in schemas %}
GRANT USAGE ON SCHEMA {{ schema | identifier }} TO {{ role | identifier }};
GRANT SELECT ON ALL TABLES IN SCHEMA {{ schema | identifier }} TO {{ role | identifier }};
ALTER DEFAULT PRIVILEGES FOR ROLE {{ owner | identifier }} IN SCHEMA {{ schema | identifier }}
GRANT SELECT ON TABLES TO {{ role | identifier }};
{% endfor %}
