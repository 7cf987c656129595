-- Lets triggers mark what any statement does to a raw table, once per statement, over all of its rows. A statement on
-- a partitioned table fires the triggers of that table, one on a partition those of the partition.
-- Parameters: table, function (the marking one), left (whether the table is no raw table any more: its triggers go on,
-- but are others than those of a raw table, so that they are put up anew where it becomes one again).
-- Bound: argument (what the function needs to know, as text).
-- Locks SHARE ROW EXCLUSIVE on the table: waits for its writers, so that what they write later is seen.
CREATE OR REPLACE TRIGGER pgpipelines_mark_insert
AFTER INSERT ON {{ table | identifier }} REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION {{ function | identifier }}(%(argument)s{% if left %}, 'left'{% endif %});

CREATE OR REPLACE TRIGGER pgpipelines_mark_update
AFTER UPDATE ON {{ table | identifier }} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION {{ function | identifier }}(%(argument)s{% if left %}, 'left'{% endif %});

CREATE OR REPLACE TRIGGER pgpipelines_mark_delete
AFTER DELETE ON {{ table | identifier }} REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION {{ function | identifier }}(%(argument)s{% if left %}, 'left'{% endif %});

CREATE OR REPLACE TRIGGER pgpipelines_mark_truncate
AFTER TRUNCATE ON {{ table | identifier }}
FOR EACH STATEMENT EXECUTE FUNCTION {{ function | identifier }}(%(argument)s{% if left %}, 'left'{% endif %});
