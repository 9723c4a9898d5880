-- @name macros/read_manifests
-- What: Avro files with the path of each as it was given: `read_avro` reports `file:/a/b` as `/a/b`, and what is joined by path with a manifest list
--       that a writer in Java made would find nothing. Looked up only where a path begins so. By a join with the paths, each statement took 1 ms more
--       of CPU to plan, of 6 to 9 ms (2026-11-29).
--       (Not a temporary macro: statements on forked connections need it too.)
-- @gives the columns of the files, and filename
create or replace macro read_manifests(paths) as table
select * replace (
  case
    when len(list_filter(paths, lambda path: starts_with(path, 'file:'))) = 0 then as_stored(filename)
    else regexp_replace(
      coalesce(paths[list_position(list_transform(paths, lambda path: plain_path(path)), filename)], filename),
      '^/.*/psyberg-here/',
      ''
    )
  end as filename
)
from read_avro(paths, filename = true)
