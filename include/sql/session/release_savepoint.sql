-- Forgets the place that session/savepoint.sql has marked; what was done since stays. Parameters: none. Locks nothing.
RELEASE SAVEPOINT attempt;
