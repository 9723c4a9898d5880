-- @name tables/data_files
-- What: the data files in manifests of one partition spec, with the hours that their event-time bounds span.
--       Without trusted bounds (or with a lower one before the year 1) the hours are NULL: the caller goes on to the next rung (partition, then a scan of the column).
-- @param $manifests VARCHAR[] paths, all of one partition spec (perhaps inside {{files}})
-- @param $entries JSON entries of manifests that are known (perhaps inside {{files}})
-- @param $field_id INTEGER field id of the event-time column; 0 when the source has none (perhaps inside {{files}})
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day (inside {{files}})
-- @param $type VARCHAR Iceberg type of the column now (inside {{files}})
-- @param $statuses INTEGER[] entry statuses to return: 0 existing, 1 added, 2 removed
-- @returns manifest_path VARCHAR, path VARCHAR, file_format VARCHAR, status INTEGER, snapshot_id BIGINT NULL (NULL: the manifest's own),
--          rows BIGINT, bytes BIGINT, partition VARCHAR NULL (as JSON), first_hour INTEGER NULL, last_hour INTEGER NULL,
--          in_another_unit BOOLEAN (they need a partition that confirms them), null_event_times BIGINT NULL (NULL: not counted)
select
  manifest_path,
  path,
  file_format,
  status,
  snapshot_id,
  rows,
  bytes,
  partition::varchar as partition,
  calendar_hour(first_hour) as first_hour,
  -- Only the file can tell which of its rows lie in the calendar when the first of them does not.
  case when calendar_hour(first_hour) is not null then calendar_hour(last_hour) end as last_hour,
  in_another_unit,
  null_event_times
from {{files}}
where status in (select unnest($statuses::integer[]))
