-- @name landing/object_fields
-- What: the fields of the objects in JSON files, as they are spelled.
-- @param $files VARCHAR[] paths or URLs, with glob characters made literal
-- @returns field VARCHAR
select distinct unnest(json_keys(json)) as field
from read_json_objects($files{{options}})
where json_type(json) = 'OBJECT'
