-- Creates a domain as the source defines it.
-- Parameters: name, base, expression (default, may be none), not_null, checks. Locks nothing.
CREATE DOMAIN {{ name | identifier }} AS {{ base }}
{% if expression is not none %}
DEFAULT {{ expression }}
{% endif %}
{% if not_null %}
NOT NULL
{% endif %}
{% for check in checks %}
CONSTRAINT {{ check }}
{% endfor %}
;
