-- @name test/in_hours
-- What: rows of exactly these hours, which are counted since 1970; a row of a date is in each hour of its day.
select * from {{table}}
where exists (
  select 1
  from (select unnest({{hours}}) as psyberg_hour) as asked
  where psyberg_hour between {{first_hour}} and {{last_hour}}
)
