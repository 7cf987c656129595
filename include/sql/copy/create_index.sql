-- Builds an index of the new table. Parameters: table, name, unique, definition (from USING on).
-- Locks SHARE on the table, with which other indexes may be built at the same time.
CREATE {% if unique %}UNIQUE {% endif %}INDEX {{ name | identifier }} ON {{ table | identifier }} {{ definition }};
