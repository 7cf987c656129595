-- Drops a constraint; shown to a person, never run by a copy. Parameters: table, name.
-- Locks ACCESS EXCLUSIVE on the table, for a moment.
ALTER TABLE {{ table | identifier }} DROP CONSTRAINT {{ name | identifier }};
