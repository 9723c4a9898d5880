-- @name landing/matching_files
-- What: the paths that a glob of a folder on this machine matches.
-- @param $glob VARCHAR
-- @returns path VARCHAR
select file as path from glob($glob)
