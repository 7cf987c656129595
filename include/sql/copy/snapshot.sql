-- The snapshot that this transaction reads from, when it was taken, and which database it is of: the cluster, where
-- this role may know it, and the database. Parameters: system (may be asked). Locks nothing.
SELECT
    pg_current_snapshot()::text AS snapshot,
    transaction_timestamp() AS taken_at,
    concat(
        {% if system %}
        (SELECT system_identifier FROM pg_control_system()),
        {% else %}
        host(inet_server_addr()), ':', inet_server_port(),
        {% endif %}
        '/', (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS origin;
