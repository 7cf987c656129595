-- Lets the sessions of a database, all or those of one role, begin with a value of a setting: the one that is given,
-- or, for lists of names, the one that it has here.
-- Parameters: database; role (or none); setting; from_here; bound: value. Locks the database against being dropped.
{% if role %}
ALTER ROLE {{ role | identifier }} IN DATABASE {{ database | identifier }}
{% else %}
ALTER DATABASE {{ database | identifier }}
{% endif %}
SET {{ setting | identifier }}
{% if from_here %}
FROM CURRENT;
{% else %}
TO %(value)s;
{% endif %}
