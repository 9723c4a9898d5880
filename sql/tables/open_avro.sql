-- @name tables/open_avro
-- What: opens one Avro file. Run for its failure alone.
-- @param $file VARCHAR path of a manifest or manifest list
-- @returns entries BIGINT
select count(*) as entries from read_avro($file)
