-- Runs a statement that the server's own catalog functions have written. Parameters: statement. Locks what that locks.
{{ statement }}
