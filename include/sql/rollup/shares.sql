-- Where shares of the chargers begin, as many in each as in any other. Parameters: chargers (table); bound: shares (how
-- many). Locks ACCESS SHARE on the table.
SELECT min(charger_id) AS first_charger
FROM (
    SELECT charger_id, ntile(%(shares)s) OVER (ORDER BY charger_id) AS share
    FROM {{ chargers | identifier }}
) AS shared
GROUP BY share
ORDER BY share;
