{# The start of the business zone's hour that holds the moment `at`. Where all hours of its period start as many #}
{# minutes past (`hour_origin`, rollup_period), the zone need not be asked, which takes much longer. Part of other #}
{# templates. Bound: business_timezone. #}
CASE
    WHEN hour_origin IS NULL THEN date_trunc('hour', at, %(business_timezone)s)
    ELSE date_bin('1 hour', at, hour_origin)
END
