-- @name macros/partition_key
-- What: a text by which COPY splits files: itself, or its hash where the folder's name would be longer than a file system takes (255 bytes, and every
--       byte of a letter that is not ASCII takes three there). What stands behind a hash is read from the file (tables/long_partition_values).
--       (Not a temporary macro: statements on forked connections need it too.)
-- @gives VARCHAR
create or replace macro partition_key(value) as (
  case when strlen(value) > 64 or starts_with(value, 'sha256:') then 'sha256:' || sha256(value) else value end
)
