-- Notes a piece to be loaded; no leaf means all of the selection. Parameters: bound: target_table, number, leaf_schema,
-- leaf_table, first_page, end_page. Locks ROW EXCLUSIVE on the chunks.
INSERT INTO pgpipelines.load_chunk (target_table, number, leaf_schema, leaf_table, first_page, end_page)
VALUES (%(target_table)s, %(number)s, %(leaf_schema)s, %(leaf_table)s, %(first_page)s, %(end_page)s);
