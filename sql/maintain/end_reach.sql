-- @name maintain/end_reach
-- What: forgets what maintain/begin_reach began.
drop table if exists maintain_reached
