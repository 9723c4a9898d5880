-- 1. branch open-session: open_session
-- catalog: attach the session as psyberg_session: sources pinned, facts.price on branch psyberg_price_load_20230914061501

-- 2. load clear-hours: clear_hours
--   $first_hours = ["470712","470739"]
--   $last_hours = ["470735","470739"]
--   $manifests = {"from_run":"base-manifests"}
--   $field_id = 1
--   $unit = "ns"
--   $type = "timestamp_ns"
--   $partition_position = {"from_run":"partition-position"}
--   $partition_transform = {"from_run":"partition-transform"}
with intervals as (
  select unnest($first_hours::integer[]) as first_hour, unnest($last_hours::integer[]) as last_hour
),
placed as (
  select
    *,
    partition_hour((partition->>'$.*')[position], transform, 0) as partition_first_hour,
    partition_hour((partition->>'$.*')[position], transform, 1) as partition_end_hour
  from hours_of_files($manifests, $field_id, $type, $unit),
    (select $partition_position::integer as position, $partition_transform::varchar as transform)
  where status < 2
),
files as (
  select
    * exclude (first_hour, last_hour),
    -- A file outside its partition's hours is misread by somebody: by these bounds its rows would be left out, or left behind.
    coalesce(first_hour >= partition_first_hour, true)
      and coalesce(last_hour < partition_end_hour, true)
      and not (in_another_unit and partition_first_hour is null) as is_confirmed,
    case when is_confirmed then placed.first_hour end as first_hour,
    case when is_confirmed then placed.last_hour end as last_hour
  from placed
)
select
  manifest_path,
  path,
  any_value(rows) as rows,
  any_value(bytes) as bytes,
  any_value(files.first_hour) as first_hour,
  any_value(files.last_hour) as last_hour,
  case
    when bool_or(files.first_hour >= intervals.first_hour and files.last_hour <= intervals.last_hour
      -- Not counted: a row without an event time may be in the file, and is no row of these hours.
      and coalesce(null_event_times = 0, false)) then 'inside'
    else 'straddles'
  end as placement,
  coalesce(any_value(null_event_times) = any_value(rows) and not any_value(has_bounds), false) as holds_none
from files
join intervals
  on files.first_hour is null
  or (files.first_hour <= intervals.last_hour and files.last_hour >= intervals.first_hour)
group by manifest_path, path
order by path
;

-- 3. load carry-over: carry_over
--   $destination = {"from_run":"data-folder"}
--   $first_hours = ["470712","470739"]
--   $last_hours = ["470735","470739"]
copy (
  with no_source as not materialized (select 1)
  select "sold_ts"::timestamp_ns as "sold_ts",
    "price"::decimal(18, 2) as "price",
    "_row_id"::bigint as "_row_id",
    "_last_updated_sequence_number"::bigint as "_last_updated_sequence_number"
  from (
    -- Columns that the query does not return are null; without a row, this line only names them.
    select null as "sold_ts", null as "price", null as "_row_id", null as "_last_updated_sequence_number" where false
    union all by name
    select * from (
select *, _row_id, _last_updated_sequence_number
from "psyberg_session"."straddling"."price" as straddling
where not exists (
  from (select unnest($first_hours) as first_hour, unnest($last_hours) as last_hour) as replaced
  where event_hour(epoch_ns("sold_ts"), 'ns', false) between replaced.first_hour and replaced.last_hour
)
    )
  )
) to $destination (
  format parquet,
  compression "snappy",
  -- Half of DuckDB's own size: of each partition rows wait in memory until their group is full. A session of 20,000,000
  -- rows in 14 hours: 618 MB resident at most in place of 767, and 18.5 s of CPU in place of 21.5 (2026-11-29).
  row_group_size 61440,
  field_ids {"sold_ts": 1, "price": 2, "_row_id": 2147483540, "_last_updated_sequence_number": 2147483539},
  return_stats
)
;

-- 4. load insert: insert
--   $range_start = "2023-09-13T00:00:00Z"
--   $range_end = "2023-09-14T04:00:00Z"
--   $hours = ["470712","470713","470714","470715","470716","470717","470718","470719","470720","470721","470722","470723","470724","470725","470726","470727","470728","470729","470730","470731","470732","470733","470734","470735","470739"]
--   $destination = {"from_run":"data-folder"}
copy (
  with "rates" as not materialized (
select *
from "psyberg_session"."sources"."rates"
where "rate_date" >= $range_start::date
  and "rate_date" < $range_end
),
"sales" as not materialized (
select *
from "psyberg_session"."sources"."sales"
where "sold_s" >= epoch_ms($range_start) // 1000
  and "sold_s" < epoch_ms($range_end) // 1000
  and event_hour("sold_s"::bigint, 's', false) in (select unnest($hours))
),
"refunds" as not materialized (
select *
from "psyberg_session"."sources"."refunds"
where "refunded_ms" >= epoch_ms($range_start)
  and "refunded_ms" < epoch_ms($range_end)
  and event_hour("refunded_ms"::bigint, 'ms', false) in (select unnest($hours))
),
"visits" as not materialized (
select *
from "psyberg_session"."sources"."visits"
where "visit_ns" >= $range_start
  and "visit_ns" < $range_end
  and event_hour(epoch_ns("visit_ns"), 'ns', false) in (select unnest($hours))
)
  select "sold_ts"::timestamp_ns as "sold_ts",
    "price"::decimal(18, 2) as "price"
  from (
    -- Columns that the query does not return are null; without a row, this line only names them.
    select null as "sold_ts", null as "price" where false
    union all by name
    select * from (
select make_timestamp_ns(sold_s * 1000000000) as sold_ts, amount * rate as price
from sales join rates on rate_date = make_timestamp(sold_s * 1000000)::date
    )
  )
) to $destination (
  format parquet,
  compression "snappy",
  -- Half of DuckDB's own size: of each partition rows wait in memory until their group is full. A session of 20,000,000
  -- rows in 14 hours: 618 MB resident at most in place of 767, and 18.5 s of CPU in place of 21.5 (2026-11-29).
  row_group_size 61440,
  field_ids {"sold_ts": 1, "price": 2},
  return_stats
)
;

-- 5. compose compose-snapshot: compose_snapshot
--   $carried_list = {"from_run":"base-list"}
--   $staged_list = {"from_run":"branch-list"}
--   $staging_snapshot_ids = {"from_run":"branch-snapshots"}
--   $snapshot_id = {"from_run":"snapshot-id"}
--   $sequence_number = {"from_run":"sequence-number"}
--   $first_row_id = {"from_run":"next-row-id"}
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
  added_files_count, existing_files_count, deleted_files_count, added_rows_count, existing_rows_count, deleted_rows_count, partitions,
  case
    when content = 0 then coalesce(
      first_row_id,
      $first_row_id + coalesce(
        sum(case when content = 0 and first_row_id is null then added_rows_count + existing_rows_count end)
          over (order by sequence_number, manifest_path rows between unbounded preceding and 1 preceding),
        0
      )
    )
  end::bigint as first_row_id
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
  "partitions": {__duckdb_field_id: 507, list: {__duckdb_field_id: 508, __duckdb_nullable: false, "contains_null": {__duckdb_field_id: 509, __duckdb_nullable: false}, "contains_nan": {__duckdb_field_id: 518}, "lower_bound": {__duckdb_field_id: 510}, "upper_bound": {__duckdb_field_id: 511}}},
  "first_row_id": {__duckdb_field_id: 520}
})
;

-- 6. audit count-sources: count_sources
--   $range_start = "2023-09-13T00:00:00Z"
--   $range_end = "2023-09-14T04:00:00Z"
--   $hours = ["470712","470713","470714","470715","470716","470717","470718","470719","470720","470721","470722","470723","470724","470725","470726","470727","470728","470729","470730","470731","470732","470733","470734","470735","470739"]
with "rates" as not materialized (
select filename::varchar as path,
event_hour(("rate_date"::date - date '1970-01-01')::bigint, 'day', false) as hour
from "psyberg_session"."sources"."rates"
where "rate_date" >= $range_start::date
  and "rate_date" < $range_end
),
"sales" as not materialized (
select filename::varchar as path,
event_hour("sold_s"::bigint, 's', false) as hour
from "psyberg_session"."sources"."sales"
where "sold_s" >= epoch_ms($range_start) // 1000
  and "sold_s" < epoch_ms($range_end) // 1000
  and event_hour("sold_s"::bigint, 's', false) in (select unnest($hours))
),
"refunds" as not materialized (
select filename::varchar as path,
event_hour("refunded_ms"::bigint, 'ms', false) as hour
from "psyberg_session"."sources"."refunds"
where "refunded_ms" >= epoch_ms($range_start)
  and "refunded_ms" < epoch_ms($range_end)
  and event_hour("refunded_ms"::bigint, 'ms', false) in (select unnest($hours))
),
"visits" as not materialized (
select filename::varchar as path,
event_hour(epoch_ns("visit_ns"), 'ns', false) as hour
from "psyberg_session"."sources"."visits"
where "visit_ns" >= $range_start
  and "visit_ns" < $range_end
  and event_hour(epoch_ns("visit_ns"), 'ns', false) in (select unnest($hours))
)
select 'rates' as alias, path, count(*) as rows, cast(min(hour) as bigint) as first_hour, cast(max(hour) as bigint) as last_hour
from "rates" as read
group by path
union all
select 'sales' as alias, path, count(*) as rows, cast(min(hour) as bigint) as first_hour, cast(max(hour) as bigint) as last_hour
from "sales" as read
group by path
union all
select 'refunds' as alias, path, count(*) as rows, cast(min(hour) as bigint) as first_hour, cast(max(hour) as bigint) as last_hour
from "refunds" as read
group by path
union all
select 'visits' as alias, path, count(*) as rows, cast(min(hour) as bigint) as first_hour, cast(max(hour) as bigint) as last_hour
from "visits" as read
group by path
;

-- 7. audit count-staged: count_staged
--   $hours = ["470712","470713","470714","470715","470716","470717","470718","470719","470720","470721","470722","470723","470724","470725","470726","470727","470728","470729","470730","470731","470732","470733","470734","470735","470739"]
select
  (select count(*) from "psyberg_session"."staged"."price") as rows_staged,
  cast((select count(*)
from "psyberg_session"."staged"."price"
where "sold_ts" is null
  or case
    when typeof("sold_ts") = 'DATE' then floor(epoch("sold_ts") / 86400)::bigint not in (select floor(unnest($hours) / 24)::bigint)
    else floor(epoch("sold_ts") / 3600)::bigint not in (select unnest($hours))
  end) as bigint) as rows_outside
;

-- 8. publish publish: publish
-- catalog: one commit: facts.price main from 90 to the audited snapshot; watermarks, session and signal rows; branch psyberg_price_load_20230914061501 dropped

-- 9. cleanup protect-watermarks: protect_watermarks
-- catalog: tag psyberg_price_load on raw.rates at snapshot 2, raw.sales at snapshot 2; no session fails without it

-- 10. cleanup close-session: close_session
-- catalog: detach psyberg_session, remove the staging files

-- beside the steps: describe
--   $range_start = "2023-09-13T00:00:00Z"
--   $range_end = "2023-09-14T04:00:00Z"
--   $hours = ["470712","470713","470714","470715","470716","470717","470718","470719","470720","470721","470722","470723","470724","470725","470726","470727","470728","470729","470730","470731","470732","470733","470734","470735","470739"]
with "rates" as not materialized (
select *
from "psyberg_session"."sources"."rates"
where "rate_date" >= $range_start::date
  and "rate_date" < $range_end
),
"sales" as not materialized (
select *
from "psyberg_session"."sources"."sales"
where "sold_s" >= epoch_ms($range_start) // 1000
  and "sold_s" < epoch_ms($range_end) // 1000
  and event_hour("sold_s"::bigint, 's', false) in (select unnest($hours))
),
"refunds" as not materialized (
select *
from "psyberg_session"."sources"."refunds"
where "refunded_ms" >= epoch_ms($range_start)
  and "refunded_ms" < epoch_ms($range_end)
  and event_hour("refunded_ms"::bigint, 'ms', false) in (select unnest($hours))
),
"visits" as not materialized (
select *
from "psyberg_session"."sources"."visits"
where "visit_ns" >= $range_start
  and "visit_ns" < $range_end
  and event_hour(epoch_ns("visit_ns"), 'ns', false) in (select unnest($hours))
)
select * from (
select make_timestamp_ns(sold_s * 1000000000) as sold_ts, amount * rate as price
from sales join rates on rate_date = make_timestamp(sold_s * 1000000)::date
)
limit 0
;

-- beside the steps: column types
--   $range_start = "2023-09-13T00:00:00Z"
--   $range_end = "2023-09-14T04:00:00Z"
--   $hours = ["470712","470713","470714","470715","470716","470717","470718","470719","470720","470721","470722","470723","470724","470725","470726","470727","470728","470729","470730","470731","470732","470733","470734","470735","470739"]
with "rates" as not materialized (
select *
from "psyberg_session"."sources"."rates"
where "rate_date" >= $range_start::date
  and "rate_date" < $range_end
),
"sales" as not materialized (
select *
from "psyberg_session"."sources"."sales"
where "sold_s" >= epoch_ms($range_start) // 1000
  and "sold_s" < epoch_ms($range_end) // 1000
  and event_hour("sold_s"::bigint, 's', false) in (select unnest($hours))
),
"refunds" as not materialized (
select *
from "psyberg_session"."sources"."refunds"
where "refunded_ms" >= epoch_ms($range_start)
  and "refunded_ms" < epoch_ms($range_end)
  and event_hour("refunded_ms"::bigint, 'ms', false) in (select unnest($hours))
),
"visits" as not materialized (
select *
from "psyberg_session"."sources"."visits"
where "visit_ns" >= $range_start
  and "visit_ns" < $range_end
  and event_hour(epoch_ns("visit_ns"), 'ns', false) in (select unnest($hours))
)
select typeof(columns(asked.*))
from (select 1 as one)
left join (
select * from (
select make_timestamp_ns(sold_s * 1000000000) as sold_ts, amount * rate as price
from sales join rates on rate_date = make_timestamp(sold_s * 1000000)::date
)
limit 0
) as asked on true
;
