-- @name test/read_json
-- What: the rows of a JSON file, one object each.
select * from read_json_auto({{file}})
