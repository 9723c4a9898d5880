-- @name fragments/state_files
-- What: the rows of a state table's live files, with all of its columns: files of an earlier release lack some.
-- @into session/signalled_hour {{signal_table}}, session/signalled_hour_then {{signal_table}}, state/watermarks_of_process {{high_water_mark_table}}
-- @param $state_files VARCHAR[]
(
  select {{nulls}}
  where false
  union all by name
  select * from read_parquet($state_files, union_by_name = true, hive_partitioning = false)
)
