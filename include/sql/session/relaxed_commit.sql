-- Commits of this session don't wait for the disk: a server that crashes may lose the last of them, whole, and what
-- they hold is loaded again. Parameters: none. Locks nothing.
SELECT set_config('synchronous_commit', 'off', false);
