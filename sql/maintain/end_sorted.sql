-- @name maintain/end_sorted
-- What: forgets what maintain/sort_entries sorted.
drop table if exists maintain_sorted
