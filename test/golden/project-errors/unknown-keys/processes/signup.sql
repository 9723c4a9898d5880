/*---
process_name: signup_fact_load
patern: stateless
sources:
  - table: raw.raw_signups
    evnt_time: signup_ts
    vtts: { form: signal }
target:
  table: facts.signup_fact
  partitioned_by: [hour(signup_ts)]
audits:
  - no_mising_events: { source: raw_signups, key: event_id }
  - not_null: { column: [event_id] }
  - uniqe
catchup: { treshold_hours: 3 }
on_schema_chnge: append
---*/
select * from raw_signups
