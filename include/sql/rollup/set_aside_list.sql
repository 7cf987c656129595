-- The constraints of a table that were set aside, in the order in which they were. Parameters: bound: table_text.
-- Locks nothing.
SELECT name, definition FROM pgpipelines.set_aside WHERE table_name = %(table_text)s ORDER BY number;
