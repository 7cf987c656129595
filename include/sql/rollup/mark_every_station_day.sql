-- Marks every day of every station. Parameters: none. Locks nothing that others wait for.
INSERT INTO pgpipelines.dirty_station_day (station_id, stats_date) VALUES (NULL, NULL);
