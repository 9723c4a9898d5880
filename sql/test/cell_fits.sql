-- @name test/cell_fits
-- What: whether a cell is of a type; NULL is of every one.
-- @param $rows VARCHAR as JSON: list of one list of one cell
-- @returns fits BOOLEAN
select {{written}} is null or {{cast}} is not null as fits
from (select unnest(from_json($rows, '["json"]')) as cells)
