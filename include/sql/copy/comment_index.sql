-- Gives an index the source's comment. Parameters: index; bound: comment. Locks nothing that others wait for.
COMMENT ON INDEX {{ index | identifier }} IS %(comment)s;
