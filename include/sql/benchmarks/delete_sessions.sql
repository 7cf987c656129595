-- Deletes some sessions, chosen by a hash of their key: the same ones each time, none of those that are updated.
-- Parameters: table; bound: salt (which are chosen), chosen, among (so many of so many), kept (those left alone).
-- Locks: the rows that it deletes.
DELETE FROM {{ table | identifier }}
WHERE
    abs(hashint8extended(id, %(salt)s) %% %(among)s) >= %(kept)s
    AND abs(hashint8extended(id, %(salt)s) %% %(among)s) < %(kept)s + %(chosen)s;
