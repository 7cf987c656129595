-- Settles some sessions anew, chosen by a hash of their key: the same ones each time, anywhere among the first.
-- Parameters: table, timed (it has changed_at); bound: salt (which are chosen), chosen, among (so many of so many).
-- Locks: the rows that it writes.
UPDATE {{ table | identifier }}
SET
    payment_status = 'refunded',
    total_charge = total_charge + 1
    {% if timed %}, changed_at = now(){% endif %}

WHERE id <= %(among)s AND abs(hashint8extended(id, %(salt)s) %% %(among)s) < %(chosen)s;
