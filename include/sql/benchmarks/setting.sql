-- A setting of the server, as text. Parameters: bound: name. Locks: none.
SELECT current_setting(%(name)s) AS setting;
