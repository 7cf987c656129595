-- Forgets the savepoint and keeps what came after it. Parameters: none. Locks nothing.
RELEASE SAVEPOINT pgpipelines;
