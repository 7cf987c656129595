-- Puts a constraint back that was set aside. Parameters: table, name, definition; bound: table_text, name_text.
-- Locks ACCESS EXCLUSIVE on the table, SHARE ROW EXCLUSIVE on one that it refers to.
ALTER TABLE {{ table | identifier }} ADD CONSTRAINT {{ name | identifier }} {{ definition }};
DELETE FROM pgpipelines.set_aside WHERE table_name = %(table_text)s AND name = %(name_text)s;
