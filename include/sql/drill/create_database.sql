-- Makes the database of a drill. Order of text is the restored objects' own affair. Not in a transaction.
-- Parameters: database; bound: encoding. Locks template0 against changes while it is copied.
CREATE DATABASE {{ database | identifier }}
TEMPLATE template0 ENCODING %(encoding)s LC_COLLATE 'C' LC_CTYPE 'C';
