-- Lets nobody enter a database but its owner and superusers: what is restored is nobody's yet.
-- Parameters: database. Locks nothing.
REVOKE ALL ON DATABASE {{ database | identifier }} FROM PUBLIC;
