-- @name fragments/hours_of_manifests
-- What: the entries of manifests with their hours, as the manifests say.
-- @into tables/data_files {{files}}, tables/files_in_hours {{files}}, tables/misleading_manifests {{files}}
-- @param $manifests VARCHAR[] data manifests of one partition spec
-- @param $field_id INTEGER field id of the event-time column; 0 when there is none
-- @param $unit VARCHAR unit of the stored event time: us, ns, ms, s or day
-- @param $type VARCHAR Iceberg type of the column now
hours_of_files($manifests, $field_id, $type, $unit)
