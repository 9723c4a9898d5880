/*---
process_name: rate_load
pattern: stateful
sources:
  - table: raw.rates
    event_time: rate_date
target:
  table: facts.rate
  event_time: rate_date
  partition_by: [month(rate_date)]
audits:
  - not_null: { columns: [rate] }
---*/
select rate_date, avg(rate) as rate from rates group by all
