{# The condition that a row may have changed since the last run; part of other templates. #}
{# First where to look, for which an index serves, then what counts there. xmin has 32 bits and wraps around: rows #}
{# are told apart by how many transactions ago they were written. What a snapshot shows was written before now, so #}
{# an age below zero is that of a row which was written two thousand million transactions ago and more. #}
{# A table that was attached as a partition brings rows of any age. #}
{# Parameters: change (pgpipelines.copy.changes.Condition), whose values are bound. #}
(
    {% if change.attached %}
    tableoid = ANY(%(change_attached)s::oid[]) OR
    {% endif %}
    {% if change.since is not none %}
    (
        {{ change.column | identifier }} >= %(change_since)s::{{ change.type }}
        {% if change.nullable %}
        OR {{ change.column | identifier }} IS NULL
        {% endif %}
    )
    {% if change.floor is not none %}
    AND {% include 'copy/written_since.sql' %}

    {% endif %}
    {% else %}
    {% include 'copy/written_since.sql' %}

    {% endif %}
)
