-- Gives a setting that is a list of names the value that a database or a role is to have, for the rest of this
-- transaction: as it is written down, it is no single text, and is taken from here.
-- Parameters: bound: name, value. Locks nothing.
SELECT set_config(%(name)s, %(value)s, true);
