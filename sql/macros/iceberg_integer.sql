-- @name macros/iceberg_integer
-- What: a bound or partition value of an integer-like type as a number: little-endian, two's complement, 4 or 8 bytes.
--       Iceberg specification, appendix D, "Binary single-value serialization": int, long, date, timestamp.
-- @returns BIGINT, NULL for NULL or another length
create or replace temp macro iceberg_integer(bound) as (
  case octet_length(bound)
    when 8 then (
      ('0x' || substr(hex(bound), 15, 2) || substr(hex(bound), 13, 2) || substr(hex(bound), 11, 2) || substr(hex(bound), 9, 2)
            || substr(hex(bound), 7, 2) || substr(hex(bound), 5, 2) || substr(hex(bound), 3, 2) || substr(hex(bound), 1, 2))::ubigint::hugeint
      - case when substr(hex(bound), 15, 1) >= '8' then 18446744073709551616::hugeint else 0::hugeint end
    )::bigint
    when 4 then
      ('0x' || substr(hex(bound), 7, 2) || substr(hex(bound), 5, 2) || substr(hex(bound), 3, 2) || substr(hex(bound), 1, 2))::ubigint::bigint
      - case when substr(hex(bound), 7, 1) >= '8' then 4294967296 else 0 end
  end
)
