-- @name test/replaced_hours
-- What: a table with the rows of some hours replaced.
from {{table}} where not list_contains({{hours}}, {{hour}}) union all from {{rows}}
