-- Corrects the energy of sessions of any age. Parameters: bound: sessions (how many there are, numbered from 0 on),
-- corrections, salt (which ones). Locks: the rows.
UPDATE charger_usage_log
SET energy_delivered = energy_delivered + 0.001
WHERE
    id IN (
        SELECT abs(hashint8extended(number, %(salt)s)) %% %(sessions)s
        FROM generate_series(1, %(corrections)s::bigint) AS number
    );
