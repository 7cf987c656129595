-- Drops an index of a load that was broken off. Parameters: index.
-- Locks ACCESS EXCLUSIVE on its table, which nobody else reads.
DROP INDEX {{ index | identifier }};
