-- The encoding that this database stores text in. Parameters: none. Locks nothing.
SELECT current_setting('server_encoding') AS name;
