-- @name fragments/manifest_list_format
-- What: the options of COPY that make an Avro file a manifest list: field ids and required fields as the specification has them
--       (Iceberg specification, "Manifest Lists"); spliced into the statements that write one. Version 3 has one more: the first row id.
-- @into tables/write_change_list {{manifest_list_format}}, tables/write_cleared_list {{manifest_list_format}},
--       tables/write_empty_list {{manifest_list_format}}, tables/write_files_list {{manifest_list_format}},
--       tables/write_inserts_list {{manifest_list_format}},
--       tables/write_manifest_list {{manifest_list_format}},
--       tables/write_mended_list {{manifest_list_format}},
--       tables/write_readable_list {{manifest_list_format}},
--       tables/write_replaced_list {{manifest_list_format}},
--       tables/write_staged_list {{manifest_list_format}}
format avro,
root_name 'manifest_file',
field_ids {{field_ids}}
