-- @name maintain/delete_keys
-- What: the noted delete files.
-- @returns file_key VARCHAR
select file_key
from maintain_deletes
