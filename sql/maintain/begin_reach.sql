-- @name maintain/begin_reach
-- What: an empty list of what metadata reach; the statements of this folder fill it and ask it. Paths stand there without `file:` or `file://`,
--       since writers of one table may spell the same file differently.
create or replace temp table maintain_reached (path varchar, kind varchar)
