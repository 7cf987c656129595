-- Makes a partitioned table with the columns, defaults, checks, comments and statistics of a plain one, beside it.
-- Parameters: made, table, key. Locks ACCESS SHARE on the plain table.
CREATE TABLE {{ made | identifier }} (LIKE {{ table | identifier }} INCLUDING ALL EXCLUDING INDEXES)
PARTITION BY RANGE ({{ key | identifier }});
