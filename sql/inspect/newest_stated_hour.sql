-- @name inspect/newest_stated_hour
-- What: the newest hour that live data files of manifests state: by their bounds, else by their partition.
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $field_id INTEGER field id of the event-time column
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
-- @param $partition_position INTEGER position, from 1, of a partition field that is made of the event time; 0 when there is none
-- @param $partition_transform VARCHAR its transform
-- @returns newest_hour INTEGER NULL
select
  max(calendar_hour(coalesce(
    case when not in_another_unit or $partition_position > 0 then last_hour end,
    partition_hour((partition->>'$.*')[$partition_position], $partition_transform, 1) - 1
  ))) as newest_hour
from hours_of_files($manifests, $field_id, $type, $unit)
where status in (0, 1)
  and rows > 0
