-- The indexes on charger_usage_log by which a run looks up what changed, instead of reading the table.
-- Most sessions that touch a moment started in the 6 hours before it. The first two find the few that such a look
-- would miss: those that last longer, and, wherever they started, those of more than two days and open ones. The third
-- finds transactions that are there twice.
-- Parameters: log (charger_usage_log), repeatable (whether that can be). Locks SHARE on the table: writers wait.
CREATE INDEX IF NOT EXISTS pgpipelines_lasting_sessions ON {{ log | identifier }} (charger_id, start_time)
WHERE end_time > start_time + interval '6 hours' AND end_time <= start_time + interval '48 hours';

CREATE INDEX IF NOT EXISTS pgpipelines_long_sessions ON {{ log | identifier }} (charger_id, start_time)
WHERE end_time IS NULL OR end_time > start_time + interval '48 hours';

{% if repeatable %}
CREATE INDEX IF NOT EXISTS pgpipelines_transactions ON {{ log | identifier }} (transaction_id);
{% endif %}
