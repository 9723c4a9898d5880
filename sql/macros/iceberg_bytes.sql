-- @name macros/iceberg_bytes
-- What: an integer-like value as Iceberg stores bounds: little-endian, two's complement, 4 or 8 bytes; the inverse of iceberg_integer.
-- @gives BLOB
create or replace temp macro iceberg_bytes(value, width) as (
  unhex(array_to_string(list_transform(range(15, 15 - 2 * width, -2), position -> substr(lpad(hex(value::bigint), 16, '0'), position, 2)), ''))
)
