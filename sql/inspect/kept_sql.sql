-- @name inspect/kept_sql
-- What: the texts that were kept of the SQL of processes, by fingerprint. A session table of an earlier release has none.
-- @param $fingerprints VARCHAR[]
-- @returns fingerprint VARCHAR, sql VARCHAR
with sessions as (
  select *
  from {{session_table}}
  union all by name
  select null::varchar as sql_fingerprint, null::varchar as sql
  where false
)
select sql_fingerprint as fingerprint, any_value(sql) as sql
from sessions
where list_contains($fingerprints, sql_fingerprint)
  and sql is not null
group by sql_fingerprint
