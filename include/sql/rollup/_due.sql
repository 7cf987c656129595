{# Whether what a finding says is of the future has come by now. Part of other templates, about session_finding. #}
{# Bound: now, future_tolerance, source_timezone. #}
reason IN ('start_in_future', 'end_in_future', 'sample_in_future')
AND CASE reason WHEN 'start_in_future' THEN start_time ELSE end_time END
<= (%(now)s::timestamptz + %(future_tolerance)s::interval) AT TIME ZONE %(source_timezone)s
