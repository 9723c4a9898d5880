-- @name tables/files_in_hours
-- What: live data files that hold rows of the replaced hours: `inside` is replaced whole, `straddles` also holds
--       other rows (or no bounds that can be right) and those are carried over.
-- @param $manifests VARCHAR[] data manifests of one partition spec (perhaps inside {{files}})
-- @param $entries JSON entries of manifests that are known (perhaps inside {{files}})
-- @param $field_id INTEGER field id of the event-time column (perhaps inside {{files}})
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day (inside {{files}})
-- @param $type VARCHAR Iceberg type of the column now (inside {{files}})
-- @param $partition_position INTEGER position, from 1, of a partition field that is made of the event time; 0 when there is none
-- @param $partition_transform VARCHAR its transform
-- @param $first_hours INTEGER[] first hours of the replaced intervals
-- @param $last_hours INTEGER[] last hours, included, in the same order
-- @returns manifest_path VARCHAR, path VARCHAR, rows BIGINT, bytes BIGINT, first_hour BIGINT NULL, last_hour BIGINT NULL (as its bounds say; NULL: they cannot be right), placement VARCHAR (one of inside, straddles),
--          holds_none BOOLEAN (of these hours, nor of any: it is counted that all of its rows lack the event time, and no bound says otherwise)
with intervals as (
  select unnest($first_hours::integer[]) as first_hour, unnest($last_hours::integer[]) as last_hour
),
placed as (
  select
    *,
    partition_hour((partition->>'$.*')[position], transform, 0) as partition_first_hour,
    partition_hour((partition->>'$.*')[position], transform, 1) as partition_end_hour
  from {{files}},
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
