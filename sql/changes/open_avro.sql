-- @name changes/open_avro
-- What: opens one Avro file. Run for its failure alone, where a read of several files failed and named none.
-- @param $file VARCHAR path of a manifest or manifest list
-- @returns entries BIGINT
select count(*) as entries from read_avro($file)
