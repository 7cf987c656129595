-- Empties charger_usage_log. Parameters: none. Locks ACCESS EXCLUSIVE on it.
TRUNCATE charger_usage_log;
