-- Lets the sessions of a database, all or those of one role, begin with the value that a setting has here.
-- Parameters: database; role (or none); setting. Locks the database against being dropped.
{% if role %}
ALTER ROLE {{ role | identifier }} IN DATABASE {{ database | identifier }}
{% else %}
ALTER DATABASE {{ database | identifier }}
{% endif %}
SET {{ setting | identifier }} FROM CURRENT;
