{# The meter samples that matter, as rows of _sample.sql; part of samples.sql and explain_samples.sql. #}
{# Parameters: samples (table), whole (all of a share of the chargers, or those around rollup_span and in the time of #}
{# the evaluated sessions, rollup_session). Bound: first_charger, end_charger, source_timezone, max_status_gap. #}
{% if whole %}
{% include 'rollup/_sample.sql' %}

WHERE
    {% with row = "p", nameless = false %}{% include 'rollup/_of_share.sql' %}{% endwith %}

    AND isfinite(p.measurement_time)
{% else %}
SELECT DISTINCT ON (sample_id) found.*
FROM (
    SELECT charger_id, from_time - %(max_status_gap)s::interval AS from_time, until_time
    FROM pg_temp.rollup_span
    UNION ALL
    SELECT charger_id, start_time, until_time
    FROM pg_temp.rollup_session
    WHERE reason IS NULL AND is_evaluated
) AS span
CROSS JOIN LATERAL (
    {% include 'rollup/_sample.sql' %}
    WHERE
        p.charger_id = span.charger_id
        AND p.measurement_time >= span.from_time
        AND p.measurement_time <= span.until_time
        AND isfinite(p.measurement_time)
) AS found
{% endif %}
