-- Takes the rights of its owner in a database away, which are granted anew. Parameters: database, owner. Locks nothing.
REVOKE ALL ON DATABASE {{ database | identifier }} FROM {{ owner | identifier }};
