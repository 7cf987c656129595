-- Makes a database. Not in a transaction.
-- Parameters: database; owner (a role, or none for the role that runs this).
-- Locks: none that others wait for.
CREATE DATABASE {{ database | identifier }}
{% if owner %} OWNER {{ owner | identifier }}{% endif %} TEMPLATE template0 ENCODING 'UTF8';
