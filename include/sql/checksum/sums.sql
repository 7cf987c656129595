{# The checksum of some content: for each bucket of keys, how many rows, and the sum of their hashes, in two halves; #}
{# part of other templates. #}
{# Without a key, the row's own hash chooses its bucket. A single bucket needs no groups, which would take a fifth #}
{# more. The server adds integers up in place, without the number of any length that a sum of bigints needs for each #}
{# bucket: hence the halves. #}
{# Parameters: selection, columns, key_columns, buckets, transcode, keyed (false), chosen (false). #}
WITH hashed AS (
    {% include 'checksum/rows.sql' %}
)

SELECT
    {% if buckets == 1 %}
    0 AS bucket,
    {% else %}
    ({% if key_columns %}"pgpipelines bucket"{% else %}"pgpipelines hash" & bigint '{{ buckets - 1 }}'{% endif %})::integer AS bucket,
    {% endif %}
    count(*) AS rows,
    sum({% include 'checksum/high.sql' %}) AS high,
    sum({% include 'checksum/low.sql' %}) AS low
FROM hashed
{% if buckets == 1 %}
HAVING count(*) > 0
{% else %}
GROUP BY 1
{% endif %}
