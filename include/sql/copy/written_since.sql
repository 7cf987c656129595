{# The condition that a row was written by a transaction which the last run did not see, or is to be read again; #}
{# part of other templates. Parameters: change, as in copy/changed.sql. #}
(
    {% if change.again is not none %}
    {{ change.column | identifier }} >= %(change_again)s::{{ change.type }} OR
    {% endif %}
    age(xmin) BETWEEN 0 AND (SELECT age(%(change_floor)s::text::xid8::xid))
)
