/*---
process_name: a_load
pattern: stateless
sources:
  - table: raw.events
target:
  table: facts.a
audits:
  - expression: { sql: "id > $fin and ts > $first_hour" }
  - expression: { sql: "id > 1; drop table x" }
  - expression: { sql: "name = 'open" }
---*/
select * from events where day = $fine and id > $unset
