-- Writes out what the server holds in memory. Parameters: none. Locks: none.
CHECKPOINT;
