-- @name maintain/find_files
-- What: notes every file below a folder. Links are not followed.
-- @param $pattern VARCHAR glob
insert into maintain_found
select filename, size, epoch_ms(last_modified)
from read_blob($pattern)
