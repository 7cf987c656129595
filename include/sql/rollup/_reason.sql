{# Why a session can't be right: the first reason that applies, null where there is none. Part of other templates. #}
{# Parameters: row (a row of _session.sql), charger (its row of charger_info, if any), log, repeatable (whether a #}
{# transaction may be there twice). Bound: earliest_start, source_timezone, now, future_tolerance, power_tolerance. #}
CASE
    WHEN {{ charger | identifier }}.charger_id IS NULL
        THEN 'unknown_charger'
    WHEN {{ row | identifier }}.start_time < %(earliest_start)s
        THEN 'start_before_2000'
    WHEN {{ row | identifier }}.starts > %(now)s::timestamptz + %(future_tolerance)s::interval
        THEN 'start_in_future'
    WHEN {{ row | identifier }}.ends < {{ row | identifier }}.starts
        THEN 'end_before_start'
    WHEN {{ row | identifier }}.ends > %(now)s::timestamptz + %(future_tolerance)s::interval
        THEN 'end_in_future'
    WHEN {{ row | identifier }}.ends = {{ row | identifier }}.starts AND {{ row | identifier }}.energy_wh > 0
        THEN 'energy_without_duration'
    WHEN {{ row | identifier }}.energy_wh < 0
        THEN 'negative_energy'
    -- kWh for each hour: Wh x 3.6 for each second.
    WHEN
        {{ row | identifier }}.ends > {{ row | identifier }}.starts
        AND {{ charger | identifier }}.rated_power > 0
        -- About so first: exact arithmetic is slow, and few sessions come near.
        AND {{ row | identifier }}.energy_wh * 3.6::float8
        > 0.999 * %(power_tolerance)s::float8 * {{ charger | identifier }}.rated_power
        * date_part('epoch', {{ row | identifier }}.ends - {{ row | identifier }}.starts)
        AND {{ row | identifier }}.energy_wh * 3.6
        > %(power_tolerance)s * {{ charger | identifier }}.rated_power::numeric
        * extract(epoch FROM {{ row | identifier }}.ends - {{ row | identifier }}.starts)
        THEN 'power_above_rated'
    {% if repeatable %}
    WHEN
        EXISTS (
            SELECT FROM {{ log | identifier }} AS twin
            WHERE
                twin.transaction_id = {{ row | identifier }}.transaction_id
                AND (coalesce(twin.created_at, '-infinity'), twin.id)
                > (coalesce({{ row | identifier }}.created_at, '-infinity'), {{ row | identifier }}.session_id)
        )
        THEN 'duplicate_transaction'
    {% endif %}
END
