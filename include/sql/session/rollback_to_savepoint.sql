-- Undoes what came after the savepoint and gives its locks back. Parameters: none. Locks nothing.
ROLLBACK TO SAVEPOINT pgpipelines;
