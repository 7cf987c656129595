-- Creates a range type and its multirange. Parameters: name, subtype, opclass, collation, difference, multirange.
-- Locks nothing.
CREATE TYPE {{ name | identifier }} AS RANGE (
    subtype = {{ subtype }}
    {%- if opclass is not none %}, subtype_opclass = {{ opclass }}{% endif %}
    {%- if collation is not none %}, collation = {{ collation }}{% endif %}
    {%- if difference is not none %}, subtype_diff = {{ difference }}{% endif %}
, multirange_type_name = {{ multirange | identifier }}
);
