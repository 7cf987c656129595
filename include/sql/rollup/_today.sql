{# The last business day that has begun, by a clock that is as far ahead as a charger's may be. Part of views.sql. #}
{# Bound: future_tolerance, business_timezone. #}
((now() + %(future_tolerance)s::interval) AT TIME ZONE %(business_timezone)s)::date
