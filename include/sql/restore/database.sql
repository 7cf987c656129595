-- Whether the server has a database of this name. Parameters: bound: database. Locks nothing.
SELECT EXISTS (SELECT FROM pg_database WHERE datname = %(database)s) AS present;
