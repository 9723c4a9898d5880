-- @name macros/iceberg_bytes
-- What: an integer-like value as Iceberg stores bounds: little-endian, two's complement, 4 or 8 bytes; the inverse of iceberg_integer.
-- @gives BLOB
create or replace temp macro iceberg_bytes(value, width) as (
  -- The digits backwards, and then those of each byte again in their order.
  unhex(regexp_replace(reverse(right(hex(value::bigint::bit::blob), 2 * width)), '(.)(.)', '\2\1', 'g'))
)
