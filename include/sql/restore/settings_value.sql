-- Gives a setting the value that a database or a role is to have, for the rest of this transaction; whence it is taken.
-- Parameters: bound: name, value. Locks nothing.
SELECT set_config(%(name)s, %(value)s, true);
