-- @name load/insert
-- What: the process's own query over the rows of this session, staged on the session's branch.
insert into {{target}} by name
with {{sources}}
select * from (
{{query}}
)
