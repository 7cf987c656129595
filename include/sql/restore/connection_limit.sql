-- How many sessions a database takes at a time. Parameters: database, limit. Locks nothing.
ALTER DATABASE {{ database | identifier }} CONNECTION LIMIT {{ limit }};
