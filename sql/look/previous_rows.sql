-- @name look/previous_rows
-- What: what `previous` is taken from, whichever hour is computed: the target's rows before the first of them, and the rows that were computed since.
-- @param $computed_from TIMESTAMP start of the first hour that is computed here
(
select * from {{previous}}
where {{event_time}} < $computed_from
union all by name
select * from {{rows}}
)
