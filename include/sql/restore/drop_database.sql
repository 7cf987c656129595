-- Drops a database that a restore or a drill has made, and ends sessions that a killed run may have left in it. Not in
-- a transaction. Parameters: database. Locks the database ACCESS EXCLUSIVE.
DROP DATABASE IF EXISTS {{ database | identifier }} WITH (FORCE);
