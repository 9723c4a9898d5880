-- @name macros/moved_bounds
-- What: the bounds of a delete file with those of its column `file_path` (2147483546, Iceberg specification, "Reserved Field IDs") in the new folder.
--       A bound that was cut within the former folder says nothing of where the files lie now: it goes.
-- @gives MAP(INTEGER, BLOB)
create or replace macro moved_bounds(bounds, former, present) as map_from_entries(
  list_transform(
    list_filter(
      map_entries(bounds),
      lambda bound: bound.key <> 2147483546 or not coalesce(starts_with(former || '/', plain_path(try(decode(bound.value)))), true)
    ),
    lambda bound: {
      'key': bound.key,
      'value': case when bound.key = 2147483546 then encode(moved_path(decode(bound.value), former, present)) else bound.value end
    }
  )
)
