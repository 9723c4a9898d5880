-- @name test/insert_cells
-- What: rows that are written as lists of cells, cast to the types of the table.
-- @param $rows VARCHAR as JSON: list of lists
insert into {{table}} ({{columns}})
select {{cells}}
from (select unnest(from_json($rows, '["json"]')) as cells)
