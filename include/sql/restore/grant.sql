-- Grants one privilege in a database.
-- Parameters: database; role (none: everybody); create, connect (which privilege: else TEMPORARY); grantable.
-- Locks nothing.
GRANT {% if create %}CREATE{% elif connect %}CONNECT{% else %}TEMPORARY{% endif %}

ON DATABASE {{ database | identifier }} TO {% if role %}{{ role | identifier }}{% else %}PUBLIC{% endif %}

{% if grantable %} WITH GRANT OPTION{% endif %};
