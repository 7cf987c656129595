-- Forgets a load: it was published, or starts anew. Parameters: bound: target_table.
-- Locks ROW EXCLUSIVE on the loads and their chunks.
DELETE FROM pgpipelines.load WHERE target_table = %(target_table)s;
