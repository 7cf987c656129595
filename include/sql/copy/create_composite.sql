-- Creates a composite type. Parameters: name, attributes (name, type, collation). Locks nothing.
CREATE TYPE {{ name | identifier }} AS (
    {% for attribute in attributes %}
    {{ attribute.name | identifier }} {{ attribute.type }}
    {%- if attribute.collation is not none %} COLLATE {{ attribute.collation }}{% endif %}
    {%- if not loop.last %},{% endif %}

    {% endfor %}
);
