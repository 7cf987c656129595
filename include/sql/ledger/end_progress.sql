-- Forgets how far a copy had come: it has ended. Parameters: bound: target_tables (list).
-- Locks ROW EXCLUSIVE on the progress.
DELETE FROM pgpipelines.progress WHERE target_table = ANY(%(target_tables)s);
