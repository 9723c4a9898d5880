/*---
process_name: {{process_name}}
pattern: dimension                 # the state at the end of each hour, computed from the hour before
sources:
{{sources}}
target:
  table: {{target}}
{{target_lines}}
audits:
  - not_null: { columns: [state_hour, {{key}}] }
  - unique: { columns: [state_hour, {{key}}] }
---*/
-- This runs once per hour, in order. A source holds the rows of that hour; previous holds this table's rows of the hour before.
with this_hour as (
{{events}}
),
changes as (
  select {{key}},
         count(*) as event_count
  from this_hour
  group by {{key}}
)
-- The full join carries forward: who had no event keeps the state of the hour before.
-- Every column has its type written out: in the first hour there is no table yet that could say it.
select $first_hour::timestamptz as state_hour,
       {{key}}::varchar as {{key}},
       (coalesce(previous.event_count, 0) + coalesce(changes.event_count, 0))::bigint as event_count,
       (case when changes.event_count is null then previous.last_event_hour else $first_hour end)::timestamptz as last_event_hour
from changes
full join previous using ({{key}})
