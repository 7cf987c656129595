-- Whether the ledger stands in this database. Parameters: none. Locks nothing.
SELECT to_regclass('pgpipelines.ledger') IS NOT NULL AS present;
