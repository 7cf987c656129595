-- Removes what a half-finished run has left, sessions in it included. Not in a transaction.
-- Parameters: database.
-- Locks: the database.
DROP DATABASE {{ database | identifier }} WITH (FORCE)
