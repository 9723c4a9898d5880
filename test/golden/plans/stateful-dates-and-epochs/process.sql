/*---
process_name: price_load
pattern: stateful
hours: touched
sources:
  - table: raw.rates
    event_time: rate_date
  - table: raw.sales
    event_time: sold_s
    event_time_unit: epoch_s
  - table: raw.refunds
    event_time: refunded_ms
    event_time_unit: epoch_ms
  - table: raw.visits
    event_time: visit_ns
target:
  table: facts.price
  event_time: sold_ts
---*/
select make_timestamp_ns(sold_s * 1000000000) as sold_ts, amount * rate as price
from sales join rates on rate_date = make_timestamp(sold_s * 1000000)::date
