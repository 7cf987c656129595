-- Gives an index the name that it has on the plain table. Parameters: index, name.
-- Locks SHARE UPDATE EXCLUSIVE on the index.
ALTER INDEX {{ index | identifier }} RENAME TO {{ name | identifier }};
