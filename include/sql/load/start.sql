-- Notes that a load starts. Parameters: bound: target_table, loading_schema, loading_table, digest.
-- Locks ROW EXCLUSIVE on the loads.
INSERT INTO pgpipelines.load (target_table, loading_schema, loading_table, digest)
VALUES (%(target_table)s, %(loading_schema)s, %(loading_table)s, %(digest)s);
