-- The key of plain_hours. Parameters: none. Locks ACCESS EXCLUSIVE on it.
ALTER TABLE plain_hours ADD UNIQUE (charger_id, stats_hour);
