-- @name fragments/kept_summaries
-- What: the relation `summaries` where no two manifests of the relation `affected` become one: each keeps its own.
-- @into tables/write_cleared_list {{summaries}}
summaries as (
  select partition_spec_id, content, partitions
  from affected
)
