-- @name test/newest_rows
-- What: some rows of the newest hour up to one in which a table has rows, the oldest first.
select {{columns}} from {{table}}
where {{hour}} = (select max({{hour}}) from {{table}} where {{hour}} <= {{last}})
order by {{event_time}}
limit {{most}}
