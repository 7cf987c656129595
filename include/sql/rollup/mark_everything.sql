-- Marks everything: the next runs compute all hours, all days and all days of stations.
-- Parameters: none. Locks nothing that others wait for.
INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time) VALUES (NULL, '-infinity', 'infinity');
INSERT INTO pgpipelines.dirty_day (charger_id, stats_date) VALUES (NULL, NULL);
INSERT INTO pgpipelines.dirty_station_day (station_id, stats_date) VALUES (NULL, NULL);
