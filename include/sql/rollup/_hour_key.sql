{# The name of an hour within its day: "00" to "23", and "02+" for the second of two hours that the clock calls 02. #}
{# Part of other templates. Parameters: hour (a column, the instant it begins). Bound: business_timezone. #}
to_char({{ hour | identifier }} AT TIME ZONE %(business_timezone)s, 'HH24')
|| CASE
    WHEN
        {{ hour | identifier }} AT TIME ZONE %(business_timezone)s
        = ({{ hour | identifier }} - interval '1 hour') AT TIME ZONE %(business_timezone)s
        THEN '+'
    ELSE ''
END
