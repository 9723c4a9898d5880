/*---
process_name: {{process_name}}
pattern: stateful                  # a row depends on others: hours with new or late rows are computed again and overwritten
sources:
{{sources}}
target:
  table: {{target}}
{{target_lines}}
audits:
  - not_null: { columns: [{{event_time}}] }
---*/
-- A source holds every row of the hours that this run computes, from $range_start to before $range_end.
{{query}}
