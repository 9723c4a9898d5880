-- @param keys IDENTIFIER[]
select {{keys}} from staged group by all having count(*) > 1
