-- Builds an index of the new table.
-- Parameters: table, name (none: the server's choice), unique, definition (from USING on).
-- Locks SHARE on the new table, which nobody else can see yet.
CREATE {% if unique %}UNIQUE {% endif %}INDEX {% if name is not none %}{{ name | identifier }} {% endif %}ON {{ table | identifier }} {{ definition }};
