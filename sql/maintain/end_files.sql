-- @name maintain/end_files
-- What: forgets what maintain/begin_files began.
drop table if exists maintain_files
