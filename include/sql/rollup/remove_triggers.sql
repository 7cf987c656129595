-- Takes the marking triggers off a raw table. What is written from then on is not noticed; a run puts them back, and
-- computes everything anew. Parameters: table. Locks ACCESS EXCLUSIVE on the table.
DROP TRIGGER IF EXISTS pgpipelines_mark_insert ON {{ table | identifier }};
DROP TRIGGER IF EXISTS pgpipelines_mark_update ON {{ table | identifier }};
DROP TRIGGER IF EXISTS pgpipelines_mark_delete ON {{ table | identifier }};
DROP TRIGGER IF EXISTS pgpipelines_mark_truncate ON {{ table | identifier }};
