-- Adds a constraint to the new table. Parameters: table, name (none: the server's choice), definition.
-- Locks ACCESS EXCLUSIVE on the new table, which nobody else can see yet.
ALTER TABLE {{ table | identifier }} ADD
{% if name is not none %}
CONSTRAINT {{ name | identifier }}
{% endif %}
{{ definition }};
