-- Comments a database. Parameters: database; bound: comment. Locks the database against other comments.
COMMENT ON DATABASE {{ database | identifier }} IS %(comment)s;
