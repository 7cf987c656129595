-- Takes a constraint off an empty table and remembers it, so that the table is filled much faster; put_back.sql follows
-- in the transaction that fills it. Parameters: table, name; bound: table_text, name_text, definition.
-- Locks ACCESS EXCLUSIVE on the table and, of a foreign key, on the table that it refers to, until the commit.
ALTER TABLE {{ table | identifier }} DROP CONSTRAINT {{ name | identifier }};
INSERT INTO pgpipelines.set_aside (table_name, name, definition)
VALUES (%(table_text)s, %(name_text)s, %(definition)s);
