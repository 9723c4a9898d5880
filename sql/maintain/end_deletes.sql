-- @name maintain/end_deletes
-- What: forgets what maintain/begin_deletes began.
drop table if exists maintain_deletes
