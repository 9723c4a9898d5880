-- @name audit/unique
-- What: keys that occur more than once among the staged rows. A key with a NULL in it equals no other, as in SQL's UNIQUE; `not_null`
--       finds those. Zero rows = pass.
select {{columns}}, count(*) as occurrences
from {{staged}}
where {{none_is_null}}
group by {{columns}}
having count(*) > 1
