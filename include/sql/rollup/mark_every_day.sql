-- Marks every day of every charger. Parameters: none. Locks nothing that others wait for.
INSERT INTO pgpipelines.dirty_day (charger_id, stats_date) VALUES (NULL, NULL);
