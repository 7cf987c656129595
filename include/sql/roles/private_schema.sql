-- Takes away every role's right to make tables in a schema: `public` has it when it comes from before PostgreSQL 15.
-- Parameters: schema.
-- Run as the schema's owner or a superuser; again at will.
-- Locks: rows of the catalogs only; nobody waits.
REVOKE CREATE ON SCHEMA {{ schema | identifier }} FROM PUBLIC;
