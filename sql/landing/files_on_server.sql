-- @name landing/files_on_server
-- What: the files that a glob matches on a server, as that server lists them; their content is not asked for.
-- @param $glob VARCHAR
-- @returns path VARCHAR, bytes BIGINT, modified_us BIGINT NULL (since 1970)
select filename as path, size as bytes, epoch_us(last_modified) as modified_us
from read_blob($glob)
