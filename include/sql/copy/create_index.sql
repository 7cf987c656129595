-- Builds an index of the new table. Parameters: table, name, unique, definition (from USING on).
-- Locks SHARE on the new table, which nobody else can see yet.
CREATE {% if unique %}UNIQUE {% endif %}INDEX {{ name | identifier }} ON {{ table | identifier }} {{ definition }};
