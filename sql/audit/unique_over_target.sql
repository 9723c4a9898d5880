-- @name audit/unique_over_target
-- What: staged keys that occur more than once in the whole target, as it will be. Duplicates that lie in older rows alone are not this
--       session's. Zero rows = pass. The least and the greatest key are compared besides: by them DuckDB leaves out files whose bounds lie
--       elsewhere, by the semi join alone only while the keys are few (10 keys left out 2 files of 3, 5,000 keys none; 2026-11-28).
with staged_keys as materialized (
  select distinct {{columns}}
  from {{staged}}
  where {{none_is_null}}
)
select {{columns}}, count(*) as occurrences
from {{target}}
semi join staged_keys using ({{columns}})
where {{within_keys}}
group by {{columns}}
having count(*) > 1
