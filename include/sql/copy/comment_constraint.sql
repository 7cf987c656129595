-- Gives a constraint the source's comment. Parameters: table, name; bound: comment. Locks nothing that others wait for.
COMMENT ON CONSTRAINT {{ name | identifier }} ON {{ table | identifier }} IS %(comment)s;
