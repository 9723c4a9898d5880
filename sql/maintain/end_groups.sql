-- @name maintain/end_groups
-- What: forgets what maintain/choose_groups chose.
drop table if exists maintain_groups
