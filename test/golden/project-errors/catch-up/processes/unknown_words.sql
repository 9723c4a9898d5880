/*---
process_name: unknown_words
pattern: stateful
sources:
  - table: raw.unknown_words
    event_time: ts
target: { table: facts.unknown_words, event_time: ts }
catchup: { load: all, order: latest, hour_per_session: 3 }
---*/
select ts from unknown_words
