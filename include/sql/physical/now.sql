-- The server's clock. Parameters: none. Locks nothing.
SELECT clock_timestamp() AS now;
