-- Adds a constraint to the new table. Parameters: table, name, definition.
-- Locks ACCESS EXCLUSIVE on the new table, which nobody else reads yet.
ALTER TABLE {{ table | identifier }} ADD CONSTRAINT {{ name | identifier }} {{ definition }};
