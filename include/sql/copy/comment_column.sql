-- Gives a column the source's comment. Parameters: table, column; bound: comment. Locks nothing that others wait for.
COMMENT ON COLUMN {{ table | identifier }}.{{ column | identifier }} IS %(comment)s;
