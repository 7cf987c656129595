-- The indexes on charger_usage_log by which a run looks up what changed, instead of reading the table.
-- The first finds the few sessions that a look at the two days before a moment would miss: open ones, and those that
-- last longer. The second finds transactions that are there twice.
-- Parameters: log (charger_usage_log), repeatable (whether that can be). Locks SHARE on the table: writers wait.
CREATE INDEX IF NOT EXISTS pgpipelines_long_sessions ON {{ log | identifier }} (charger_id, start_time)
WHERE end_time IS NULL OR end_time > start_time + interval '48 hours';

{% if repeatable %}
CREATE INDEX IF NOT EXISTS pgpipelines_transactions ON {{ log | identifier }} (transaction_id);
{% endif %}
