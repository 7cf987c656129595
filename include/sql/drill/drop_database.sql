-- Drops the database of a drill, and ends what a dead one has left running there. Not in a transaction.
-- Parameters: database. Locks the database ACCESS EXCLUSIVE.
DROP DATABASE IF EXISTS {{ database | identifier }} WITH (FORCE);
