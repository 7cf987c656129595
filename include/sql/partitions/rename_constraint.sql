-- Gives a constraint, and its index, the name that it has on the plain table. Parameters: table, constraint, name.
-- Locks ACCESS EXCLUSIVE on the table.
ALTER TABLE {{ table | identifier }}
RENAME CONSTRAINT {{ constraint | identifier }} TO {{ name | identifier }};
