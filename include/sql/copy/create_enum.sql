-- Creates an enum with the labels of the source, in their order. Parameters: name, labels (literals). Locks nothing.
CREATE TYPE {{ name | identifier }} AS ENUM (
    {% for label in labels %}
    {{ label }}{% if not loop.last %},{% endif %}

    {% endfor %}
);
