/*---
process_name: {{name}}_by_{{grain}}
pattern: stateful                  # a row depends on its whole {{grain}}: those with new or late rows are computed again and overwritten
sources:
  - table: raw.{{name}}
    event_time: {{target_time}}
target:
  table: facts.{{name}}_by_{{grain}}
  event_time: event_{{grain}}
  partition_by: [day(event_{{grain}})]
audits:
  - unique: { columns: [event_{{grain}}] }
---*/
select date_trunc('{{grain}}', {{target_time}}){{day}} as event_{{grain}},
       count(*) as rows
from {{name}}
group by all
