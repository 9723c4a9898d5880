-- @name audit/unique
-- What: keys that occur more than once among the staged rows. Zero rows = pass.
select {{columns}}, count(*) as occurrences
from {{staged}}
group by {{columns}}
having count(*) > 1
