/*---
process_name: {{process_name}}
pattern: stateless                 # each row stands alone: new rows are appended, late ones too
sources:
{{sources}}
target:
  table: {{target}}
{{target_lines}}
audits:
  - source_to_target_count
{{unique_key}}
---*/
-- A source holds only the rows that landed since the last run.
{{query}}
