-- Tells how a database was made: no row where it was not made to its end (samples/generation.sql).
-- Parameters: none.
-- Locks: none that others wait for.
SELECT seed, scale FROM pgpipelines_samples.generation
