-- Renames a database, in which nobody may be: waits five seconds for those who are to leave, and fails then.
-- Parameters: database, name. Locks the database ACCESS EXCLUSIVE until the transaction ends: who logs in waits.
ALTER DATABASE {{ database | identifier }} RENAME TO {{ name | identifier }};
