-- @name compile/write_first_files
-- What: compile/write_files for a target that does not exist yet, as a plan can show it: columns, types, field ids and partitions are those of the
--       target that the session creates from the same query, and are filled in then.
-- @param $destination VARCHAR the target's data folder
copy (
  with {{sources}}
  select * -- the columns of the new target, in its types, and the values by which its files are split
  from (
{{query}}
  )
) to $destination (
  format parquet,
  return_stats -- and the new target's compression, field ids and partitions
)
