-- Takes back what this transaction has done since session/savepoint.sql, and forgets that place. Parameters: none.
-- Gives back the locks that were taken since.
ROLLBACK TO SAVEPOINT attempt;
RELEASE SAVEPOINT attempt;
