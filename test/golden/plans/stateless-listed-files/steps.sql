-- 1. branch change-view: change_view signups
--   alias: "signups"
-- catalog: a view of 2 files of the source, listed one by one

-- 2. branch open-session: open_session
-- catalog: attach the session as psyberg_session: sources pinned, facts.signup on branch psyberg_signup_load_20230914061501

-- 3. load insert: insert
--   $destination = {"from_run":"data-folder"}
copy (
  with "signups" as not materialized (
select * from "psyberg_session"."sources"."signups"
)
  select "account_id"::bigint as "account_id",
    "signup_ts"::timestamptz as "signup_ts",
    "country"::varchar as "country"
  from (
    -- Columns that the query does not return are null; without a row, this line only names them.
    select null as "account_id", null as "signup_ts", null as "country" where false
    union all by name
    select * from (
select account_id, signup_ts, country from signups
    )
  )
  order by "account_id" desc nulls last
) to $destination (
  format parquet,
  compression "zstd",
  -- Half of DuckDB's own size: of each partition rows wait in memory until their group is full. A session of 20,000,000
  -- rows in 14 hours: 618 MB resident at most in place of 767, and 18.5 s of CPU in place of 21.5 (2026-11-29).
  row_group_size 61440,
  field_ids {"account_id": 1, "signup_ts": 2, "country": 3},
  return_stats
)
;

-- 4. compose compose-snapshot: compose_snapshot
--   $carried_list = {"from_run":"base-list"}
--   $staged_list = {"from_run":"branch-list"}
--   $staging_snapshot_ids = {"from_run":"branch-snapshots"}
--   $snapshot_id = {"from_run":"snapshot-id"}
--   $sequence_number = {"from_run":"sequence-number"}
--   $destination = {"from_run":"snapshot-list"}
copy (
  with asked as (
    select $staging_snapshot_ids::bigint[] as staging_ids, $snapshot_id::bigint as new_snapshot_id, $sequence_number::bigint as new_sequence_number
  ),
  candidates as (
    select *, true as carried from manifest_list($carried_list)
    union all
    select *, false as carried from manifest_list($staged_list)
  ),
  chosen as (
    select distinct on (manifest_path)
      *,
      list_contains(staging_ids, added_snapshot_id) as adopted
    from candidates, asked
    where carried
      or list_contains(staging_ids, added_snapshot_id)
  ),
  composed as (
    select * replace (
      case when adopted then new_sequence_number else sequence_number end as sequence_number,
      -- What staging added counts from the composed snapshot on; older files in a rewritten manifest keep their number.
      case when adopted and min_sequence_number = sequence_number then new_sequence_number else min_sequence_number end as min_sequence_number,
      case when adopted then new_snapshot_id else added_snapshot_id end as added_snapshot_id,
      -- Ids that staging took were never published; what is published now is numbered from the table's next id on.
      case when not adopted and added_snapshot_id <> new_snapshot_id then first_row_id end as first_row_id,
      -- DuckDB 1.5.5 takes NaN for the greatest value of a partition and says that there is none; PyIceberg then misses the rows with NaN (2026-11-27).
      case
        when adopted and len(list_filter(partitions, lambda summary: hex(summary.upper_bound) similar to '.*(F87F|C07F)')) > 0 then null
        else partitions
      end as partitions
    )
    from chosen
    -- A manifest without live files only told an older snapshot about its removals.
    where adopted or is_live
  )
  select
  manifest_path, manifest_length, partition_spec_id, content, sequence_number, min_sequence_number, added_snapshot_id,
  added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions
from composed
order by sequence_number, manifest_path
) to $destination (format avro,
root_name 'manifest_file',
field_ids {
  "manifest_path": {__duckdb_field_id: 500, __duckdb_nullable: false},
  "manifest_length": {__duckdb_field_id: 501, __duckdb_nullable: false},
  "partition_spec_id": {__duckdb_field_id: 502, __duckdb_nullable: false},
  "content": {__duckdb_field_id: 517, __duckdb_nullable: false},
  "sequence_number": {__duckdb_field_id: 515, __duckdb_nullable: false},
  "min_sequence_number": {__duckdb_field_id: 516, __duckdb_nullable: false},
  "added_snapshot_id": {__duckdb_field_id: 503, __duckdb_nullable: false},
  "added_files_count": {__duckdb_field_id: 504, __duckdb_nullable: false},
  "existing_files_count": {__duckdb_field_id: 505, __duckdb_nullable: false},
  "deleted_files_count": {__duckdb_field_id: 506, __duckdb_nullable: false},
  "added_rows_count": {__duckdb_field_id: 512, __duckdb_nullable: false},
  "existing_rows_count": {__duckdb_field_id: 513, __duckdb_nullable: false},
  "deleted_rows_count": {__duckdb_field_id: 514, __duckdb_nullable: false},
  "partitions": {__duckdb_field_id: 507, list: {__duckdb_field_id: 508, __duckdb_nullable: false, "contains_null": {__duckdb_field_id: 509, __duckdb_nullable: false}, "contains_nan": {__duckdb_field_id: 518}, "lower_bound": {__duckdb_field_id: 510}, "upper_bound": {__duckdb_field_id: 511}}}
})
;

-- 5. audit count-sources: count_sources
with "signups" as not materialized (
select filename::varchar as path,
null::bigint as hour from "psyberg_session"."sources"."signups"
)
select 'signups' as alias, path, count(*) as rows, cast(min(hour) as bigint) as first_hour, cast(max(hour) as bigint) as last_hour
from "signups" as read
group by path
;

-- 6. audit count-staged: count_staged
select
  (select count(*) from "psyberg_session"."staged"."signup") as rows_staged,
  cast(('0') as bigint) as rows_outside
;

-- 7. publish publish: publish
-- catalog: one commit: facts.signup main from 90 to the audited snapshot; watermarks, session and signal rows; branch psyberg_signup_load_20230914061501 dropped

-- 8. cleanup close-session: close_session
-- catalog: detach psyberg_session, remove the staging files

-- beside the steps: describe
with "signups" as not materialized (
select * from "psyberg_session"."sources"."signups"
)
select * from (
select account_id, signup_ts, country from signups
)
limit 0
;

-- beside the steps: column types
with "signups" as not materialized (
select * from "psyberg_session"."sources"."signups"
)
select typeof(columns(asked.*))
from (select 1 as one)
left join (
select * from (
select account_id, signup_ts, country from signups
)
limit 0
) as asked on true
;
