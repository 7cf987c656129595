-- The table of plain_hours.sql. Parameters: none. Locks: creates a table.
CREATE TABLE plain_hours (
    charger_id text NOT NULL,
    stats_hour timestamp NOT NULL,
    num_sessions integer NOT NULL,
    total_energy numeric(12, 3) NOT NULL,
    total_revenue numeric(12, 2) NOT NULL
);
