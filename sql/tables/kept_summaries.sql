-- @name tables/kept_summaries
-- What: the relation `summaries` where no two manifests of the relation `affected` become one: each keeps its own.
summaries as (
  select partition_spec_id, content, partitions
  from affected
)
