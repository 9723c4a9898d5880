-- @name macros/moved_path
-- What: a path in the new folder of a warehouse, spelled as before, but for `file:` before the place of an object store; one outside of the former
--       folder as it is.
-- @gives VARCHAR
create or replace macro moved_path(path, former, present) as
  case
    when starts_with(plain_path(path), former || '/')
    then if(contains(present, '://'), '', left(path, length(path) - length(plain_path(path)))) || present || substr(plain_path(path), length(former) + 1)
    else path
  end
