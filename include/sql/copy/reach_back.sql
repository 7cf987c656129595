-- The highest time and the bound of the last run, less the lookback, as the cursor's type writes them: days are
-- rounded down. Parameters: kind; bound: highest, bound (may be NULL), lookback. Locks nothing.
{% set type = 'timestamptz' if kind.has_zone else 'timestamp' %}
SELECT
    {% for name in ('again', 'since') %}
    {% if kind.name == 'yyyymmdd' %}
    to_char(greatest(reached.{{ name | identifier }}, '0001-01-01'), 'YYYYMMDD')
    {%- else %}
    reached.{{ name | identifier }}::{{ kind.type }}::text
    {%- endif %}
 AS {{ name | identifier }}{% if not loop.last %},{% endif %}

    {% endfor %}
FROM (
    SELECT
        CASE WHEN highest < '4000-01-01 BC' THEN '-infinity' ELSE highest - %(lookback)s::interval END AS again,
        CASE WHEN bound < '4000-01-01 BC' THEN '-infinity' ELSE bound - %(lookback)s::interval END AS since
    FROM (
        SELECT
            %(highest)s::{{ type | identifier }} AS highest,
            %(bound)s::{{ type | identifier }} AS bound
    ) AS kept
) AS reached;
