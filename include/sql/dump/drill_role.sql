-- A superuser for the drill on its scratch server: the globals may take the login away from the role that made it.
-- Parameters: role. Locks rows of the catalogs only.
CREATE ROLE {{ role | identifier }} SUPERUSER LOGIN;
