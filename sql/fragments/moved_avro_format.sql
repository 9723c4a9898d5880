-- @name fragments/moved_avro_format
-- What: the options of COPY that write an Avro file of the same schema and the same words about itself as another one; spliced into the statements
--       that write one.
-- @into maintain/write_moved_list {{avro_format}}, maintain/write_moved_manifest {{avro_format}}, tables/repack_avro {{avro_format}}
format avro,
root_name {{root_name}},
field_ids {{field_ids}}{{metadata}}
