-- The moment that a run judges by. Parameters: none. Locks nothing.
SELECT now() AS now;
