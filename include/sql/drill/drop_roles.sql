-- Drops the roles that a drill has restored, and what they were granted that all databases share.
-- Parameters: roles. Locks rows of the catalogs.
DROP OWNED BY {{ roles | identifiers }} CASCADE;
DROP ROLE {{ roles | identifiers }};
