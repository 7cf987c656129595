-- Keeps two runs from restoring into one database of this server at a time, as long as this connection lives, however
-- long it has nothing to say.
-- Parameters: bound: database. Takes an advisory lock, or says that another session holds it; waits for nobody.
SELECT
    pg_try_advisory_lock(hashtextextended('pgpipelines restore:' || %(database)s, 0)) AS held,
    set_config('idle_session_timeout', '0', false) AS idle_session_timeout;
