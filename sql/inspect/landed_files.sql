-- @name inspect/landed_files
-- What: the live data files of manifests by what their metadata say: which snapshot added them, their partition, and the hours that the bounds of their event times
--       state. Files that say the same are one row; those of more than one hour are also named, so that their rows can be counted.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $field_id INTEGER field id of the event-time column; 0 for a table without one
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
-- @param $partition_position INTEGER position, from 1, of a partition field that is made of the event time; 0 when there is none
-- @param $partition_transform VARCHAR its transform
-- @returns manifest_path VARCHAR, snapshot_id BIGINT NULL (NULL: the manifest's own), partition VARCHAR NULL (JSON), first_hour INTEGER NULL (both NULL: not known),
--          last_hour INTEGER NULL, files BIGINT, rows BIGINT, bytes BIGINT, null_event_times BIGINT, paths VARCHAR[] NULL
with entries as (
  select
    * replace (
      coalesce(case when not in_another_unit or $partition_position > 0 then first_hour end, partition_hour((partition->>'$.*')[$partition_position], $partition_transform, 0)) as first_hour,
      coalesce(case when not in_another_unit or $partition_position > 0 then last_hour end, partition_hour((partition->>'$.*')[$partition_position], $partition_transform, 1) - 1) as last_hour
    )
  from hours_of_files($manifests, $field_id, $type, $unit)
  where status in (0, 1)
    and rows > 0
)
select
  manifest_path,
  snapshot_id,
  partition::varchar as partition,
  calendar_hour(first_hour) as first_hour,
  calendar_hour(last_hour) as last_hour,
  count(*) as files,
  sum(rows)::bigint as rows,
  sum(bytes)::bigint as bytes,
  coalesce(sum(null_event_times), 0)::bigint as null_event_times,
  list(path) filter (first_hour <> last_hour) as paths
from entries
group by manifest_path, snapshot_id, partition::varchar, calendar_hour(first_hour), calendar_hour(last_hour)
order by manifest_path, first_hour, last_hour
