-- @name fragments/referenced_data_file
-- What: the one data file whose rows a delete file takes away, where its manifest entry names it or its bounds say that there is only one.
--       2147483546 is the field id of `file_path` in position delete files.
-- @into tables/delete_files {{referenced_data_file}}, tables/live_entries {{referenced_data_file}}
coalesce(
  nullif(data_file.referenced_data_file, ''),
  case
    when data_file.lower_bounds[2147483546] = data_file.upper_bounds[2147483546] then decode(data_file.lower_bounds[2147483546])
  end
)
