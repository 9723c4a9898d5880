-- @name macros/iceberg_integer
-- What: a bound or partition value of an integer-like type as a number: little-endian, two's complement, 4 or 8 bytes, given as hexadecimal text.
--       Iceberg specification, appendix D, "Binary single-value serialization": int, long, date, timestamp. Text and not bytes:
--       a macro repeats its argument, and planning takes longer with every expression.
-- @gives BIGINT, NULL for NULL or another length
create or replace temp macro iceberg_integer(hexadecimal) as (
  -- The digits backwards, and then those of each byte again in their order.
  case length(hexadecimal)
    when 16 then unhex(regexp_replace(reverse(hexadecimal), '(.)(.)', '\2\1', 'g'))::bit::bigint
    when 8 then unhex(regexp_replace(reverse(hexadecimal), '(.)(.)', '\2\1', 'g'))::bit::integer
  end
)
