/*---
process_name: {{name}}_load
pattern: stateless                 # each file is loaded once, late rows into the hour in which they happened
sources:
  - files: {{files}}
    alias: {{name}}
    event_time: {{event_time}}
{{unit}}
{{format}}
    # settle: 30s                  # leaves files alone that were written to so shortly ago
    # on_file_change: load-again   # a file that changed after it was loaded stops a run; this adds its rows once more
target:
  table: raw.{{name}}
  event_time: {{target_time}}
  partition_by: [day({{target_time}})]
audits:
  - source_to_target_count
---*/
-- {{name}} holds only the rows of files that no run has loaded. "filename" may be selected, too.
select {{columns}}
from {{name}}
