-- Lets a sequence go with the column that it fills. Parameters: sequence, table, column.
-- Locks SHARE ROW EXCLUSIVE on the sequence, which nobody else can see yet.
ALTER SEQUENCE {{ sequence | identifier }} OWNED BY {{ table | identifier }}.{{ column | identifier }};
