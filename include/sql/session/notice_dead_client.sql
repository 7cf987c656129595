-- Lets the server notice within seconds that this client was killed, even in the middle of a long statement,
-- so that its locks and its transaction go away. Linux servers only: others may refuse the setting.
-- Parameters: none. Locks nothing.
SELECT set_config('client_connection_check_interval', '2s', false)
WHERE version() LIKE '%%linux%%';
