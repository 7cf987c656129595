-- Marks a place in this transaction to which it can return. Parameters: none. Locks nothing.
SAVEPOINT attempt;
