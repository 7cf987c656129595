-- Sets a role's password from a verifier that the client has computed: the password itself never reaches the server.
-- Parameters: role; bound: verifier (SCRAM-SHA-256$…).
-- Locks: one row of the catalogs.
ALTER ROLE {{ role | identifier }} PASSWORD %(verifier)s;
