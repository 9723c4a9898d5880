-- @name maintain/moved_avro_format
-- What: the options of COPY that write an Avro file of the same schema and the same words about itself as another one; spliced into the statements
--       that write one.
format avro,
root_name {{root_name}},
field_ids {{field_ids}}{{metadata}}
