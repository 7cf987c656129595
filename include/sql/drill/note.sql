-- Notes with the database of a drill which roles go with it. Parameters: database; bound: note.
-- Locks the database against other comments.
COMMENT ON DATABASE {{ database | identifier }} IS %(note)s;
