/*---
process_name: signup_load
pattern: stateless
sources:
  - table: raw.signups
    event_time: signup_ts
target:
  table: facts.signup
  event_time: signup_ts
  partition_by: [hour(signup_ts), bucket(4, account_id)]
  properties: { write.parquet.compression-codec: zstd, owner: it's ours }
---*/
select account_id, signup_ts, upper(country) as country
from signups
