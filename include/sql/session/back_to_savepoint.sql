-- Takes back what this transaction has done since session/savepoint.sql, and forgets that place. Parameters: none.
-- Locks nothing, and gives back what was locked since.
ROLLBACK TO SAVEPOINT attempt;
RELEASE SAVEPOINT attempt;
