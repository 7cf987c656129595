{# The sessions that touch spans of their charger's time, as rows of _session.sql; a session of several spans comes #}
{# several times. Part of other templates. #}
{# Parameters: log, spans (a relation with charger_id, from_time, until_time; both ends belong to a span). #}
{# Bound: source_timezone. #}
{# Four looks into indexes for each span: most sessions start in it or in the 6 hours before; those that last longer #}
{# have an index of their own, so that others of the 48 hours before are not read only to be left out; those that are #}
{# open or last longer still have another; those that name no charger have no time beyond their start. #}
SELECT found.*
FROM {{ spans | identifier }} AS span
CROSS JOIN LATERAL (
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        s.charger_id = span.charger_id
        AND s.start_time >= span.from_time - interval '6 hours'
        AND s.start_time <= span.until_time
        AND s.end_time <= s.start_time + interval '6 hours'
        AND greatest(s.start_time, s.end_time) >= span.from_time
    UNION ALL
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        s.charger_id = span.charger_id
        AND s.start_time >= span.from_time - interval '48 hours'
        AND s.start_time <= span.until_time
        AND s.end_time > s.start_time + interval '6 hours'
        AND s.end_time <= s.start_time + interval '48 hours'
        AND s.end_time >= span.from_time
    UNION ALL
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        s.charger_id = span.charger_id
        AND s.start_time <= span.until_time
        AND (s.end_time IS NULL OR s.end_time > s.start_time + interval '48 hours')
        AND coalesce(s.end_time, 'infinity') >= span.from_time
    UNION ALL
    {% include 'rollup/_session.sql' %}
    FROM {{ log | identifier }} AS s
    WHERE
        s.charger_id IS NULL
        AND span.charger_id = ''
        AND s.start_time >= span.from_time
        AND s.start_time <= span.until_time
) AS found
