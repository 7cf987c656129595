-- Marks business days of every charger, both included; nulls mean from the beginning, or until the end.
-- Parameters: bound: first, last (dates), business_timezone, source_timezone. Locks nothing that others wait for.
INSERT INTO pgpipelines.dirty_range (charger_id, from_time, until_time)
VALUES (
    NULL,
    coalesce(
        (%(first)s::date::timestamp AT TIME ZONE %(business_timezone)s) AT TIME ZONE %(source_timezone)s, '-infinity'
    ),
    coalesce(
        ((%(last)s::date + 1)::timestamp AT TIME ZONE %(business_timezone)s) AT TIME ZONE %(source_timezone)s
        - interval '1 microsecond',
        'infinity'
    )
);
