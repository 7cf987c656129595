-- A login role that may do nothing yet.
-- Parameters: role.
-- Run as a superuser or a role that may create roles, in one transaction; again at will.
-- Locks: rows of the catalogs only; nobody waits.

{% include 'roles/_login_role.sql' %}
