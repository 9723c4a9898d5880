/*---
process_name: a_load
pattern: stateless
sources:
  - table: raw.events
target:
  table: facts.a
audits:
  - known: { column: plan, values: [a, b], since: 2024-01-31 }
  - known: { colum: plan, values: [a, 2], since: 2024-02-31 }
  - known
  - known: [plan]
  - sql: audits/known.sql
    parameters: { column: "", values: a, since: 5 }
  - sql: audits/known.sql
  - declared: { column: plan, turned: 1 }
  - unique: { columns: [id] }
  - unique: { keys: [id, plan] }
  - unique: { keys: [] }
  - unknwn: {}
  - known: { column: plan, values: [], since: 2024-01-31 }
    severity: loud
  - accepted_values: { column: plan, values: [] }
  - accepted_values: { column: plan, values: [[a]] }
  - accepted_values
  - relationships: { column: plan, to: event, to_column: plan }
  - row_count: {}
  - row_count: { min: 3, max: 2 }
  - row_count: { min: -1 }
  - freshness: { column: ts, max_age: soon }
  - expression: {}
---*/
select * from events
