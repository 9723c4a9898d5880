-- @name landing/matching_files
-- What: the paths that a glob of a folder on this machine matches: one text, since a row for each of 100,000 costs as much again as finding them.
-- @param $glob VARCHAR
-- @returns paths VARCHAR NULL (with a NUL between them, which is in no path)
select string_agg(file, chr(0)) as paths from glob($glob)
