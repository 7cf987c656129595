-- Makes a table that was copied on its own a child of another. Parameters: parent, table.
-- Locks ACCESS EXCLUSIVE on the table, SHARE UPDATE EXCLUSIVE on the parent: for a moment.
ALTER TABLE {{ table | identifier }} INHERIT {{ parent | identifier }};
