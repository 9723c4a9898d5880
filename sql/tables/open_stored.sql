-- @name tables/open_stored
-- What: opens manifests as they are stored, also those of which this machine has copies. Run for its failure alone.
-- @param $stored VARCHAR[] paths of manifests
-- @returns entries BIGINT
select count(*) as entries
from read_avro($stored)
