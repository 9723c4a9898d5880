-- @name fragments/file_kind
-- What: what a file of a manifest entry holds.
-- @into tables/changed_counts {{file_kind}}, tables/live_deletes {{file_kind}}, tables/live_entries {{kind}}
case
  when data_file.content = 0 then 'data'
  when data_file.content = 2 then 'equality-deletes'
  when lower(data_file.file_format) = 'puffin' then 'deletion-vectors'
  else 'position-deletes'
end
