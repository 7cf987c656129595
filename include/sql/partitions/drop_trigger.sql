-- Takes a trigger off a table. Parameters: trigger, table. Locks ACCESS EXCLUSIVE on the table.
DROP TRIGGER {{ trigger | identifier }} ON {{ table | identifier }};
