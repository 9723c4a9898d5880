-- @name compile/compute_hour
-- What: the process's own query over one hour; `previous` is what it returned for the hour before.
insert into {{hours}} by name
with {{sources}}
select * from (
{{query}}
)
