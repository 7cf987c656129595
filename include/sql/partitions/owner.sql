-- Gives a table that was made here to the owner of the table that it is made for. Parameters: table, owner.
-- Locks ACCESS EXCLUSIVE on the table, which nobody else can see yet.
ALTER TABLE {{ table | identifier }} OWNER TO {{ owner | identifier }};
