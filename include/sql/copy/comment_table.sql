-- Gives the new table the source's comment. Parameters: table; bound: comment. Locks nothing that others wait for.
COMMENT ON TABLE {{ table | identifier }} IS %(comment)s;
