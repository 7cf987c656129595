-- Removes a database where there is one. Not in a transaction. Parameters: database. Locks: the database.
DROP DATABASE IF EXISTS {{ database | identifier }} WITH (FORCE);
