-- Creates a domain as the source defines it.
-- Parameters: name, base, collation, expression (default), not_null, checks. Locks nothing.
CREATE DOMAIN {{ name | identifier }} AS {{ base }}
{%- if collation is not none %} COLLATE {{ collation }}{% endif %}
{%- if expression is not none %} DEFAULT {{ expression }}{% endif %}
{%- if not_null %} NOT NULL{% endif %}
{%- for check in checks %} CONSTRAINT {{ check }}{% endfor %}
;
