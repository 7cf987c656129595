{# Makes the login role named `role` where there is none; included by the templates of this folder.
   Refuses a role that may do more than any of these templates would give it; with `replicates`, it may replicate.
   Run in a transaction. #}
-- A name reaches a DO block as a setting: quoting it inside the block's own text can't be made safe.
SET LOCAL pgpipelines.role = {{ role | identifier }};
DO $role$
DECLARE
    wanted text := current_setting('pgpipelines.role');
BEGIN
    IF EXISTS (
        SELECT FROM pg_roles
        WHERE
            rolname = wanted
            AND (
                rolsuper OR rolcreaterole
                {% if creates_databases is not defined %}
                OR rolcreatedb
                {% endif %}
                {% if replicates is not defined %}
                OR rolreplication
                {% endif %}
            )
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_grant_operation',
            MESSAGE = 'role ' || quote_ident(wanted) || ' may administer the server: choose another name',
            HINT = 'These roles have one duty each. An existing role with more rights is not touched.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE 'CREATE ROLE ' || quote_ident(wanted) || ' LOGIN';
    END IF;
END
$role$;
