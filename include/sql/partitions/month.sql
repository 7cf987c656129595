-- Makes the table of one month, with columns, checks and indexes of the partitioned one, which doesn't know it yet.
-- Parameters: month, table. Locks ACCESS SHARE on the partitioned table.
CREATE TABLE {{ month | identifier }} (LIKE {{ table | identifier }} INCLUDING ALL EXCLUDING IDENTITY);
