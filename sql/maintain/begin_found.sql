-- @name maintain/begin_found
-- What: an empty list of the files that lie in the warehouse.
create or replace temp table maintain_found (path varchar, bytes bigint, modified_ms bigint)
