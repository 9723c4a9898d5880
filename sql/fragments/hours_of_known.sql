-- @name fragments/hours_of_known
-- What: the same of entries that were read already.
-- @into tables/data_files {{files}}, tables/files_in_hours {{files}}, tables/misleading_manifests {{files}}
-- @param $entries JSON an array, as macros/hours_of_entries takes it
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
hours_of_entries($entries::varchar, $type::varchar, $unit::varchar)
