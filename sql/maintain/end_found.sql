-- @name maintain/end_found
-- What: forgets what maintain/begin_found began.
drop table if exists maintain_found
