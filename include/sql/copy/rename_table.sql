-- Gives a table that was made under another name the name that readers know. Parameters: table, name.
-- Locks ACCESS EXCLUSIVE on the table, which nobody else reads yet.
ALTER TABLE {{ table | identifier }} RENAME TO {{ name | identifier }};
