-- What the evaluated valid sessions (rollup_session) amount to: Wh, 0.01 KRW, minutes, seconds of the chargers' time.
-- Parameters: none. Locks nothing.
SELECT
    count(*)::bigint AS sessions,
    coalesce(sum(energy_wh), 0)::bigint AS energy_wh,
    coalesce(sum(base_charge + energy_charge + time_charge + parking_charge + adjustment), 0)::bigint AS revenue,
    coalesce(sum((lasted_us + 30000000) / 60000000), 0)::bigint AS minutes,
    coalesce(
        sum(
            greatest(
                0,
                floor(date_part('epoch', ends) + 0.5)
                - floor(date_part('epoch', greatest(starts, earlier_ended)) + 0.5)
            )
        ), 0
    )::bigint AS seconds
FROM pg_temp.rollup_session
WHERE reason IS NULL AND is_evaluated;
