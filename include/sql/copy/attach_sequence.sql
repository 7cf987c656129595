-- Makes a sequence fill a column, and go with it. Parameters: sequence, table, column; bound: sequence_text.
-- Locks ACCESS EXCLUSIVE on the new table, which nobody else can see yet.
ALTER TABLE {{ table | identifier }}
ALTER COLUMN {{ column | identifier }} SET DEFAULT nextval(%(sequence_text)s::regclass);

ALTER SEQUENCE {{ sequence | identifier }} OWNED BY {{ table | identifier }}.{{ column | identifier }};
