-- @name look/whole_target_beside_hours
-- What: as look/whole_target, for separate hours.
-- @param $hours BIGINT[] hours since 1970-01-01T00:00:00Z
select * from {{target}}
where {{event_time}} is null
  or case
    when typeof({{event_time}}) = 'DATE' then floor(epoch({{event_time}}) / 86400)::bigint not in (select floor(unnest($hours) / 24)::bigint)
    else floor(epoch({{event_time}}) / 3600)::bigint not in (select unnest($hours))
  end
union all by name
select * from {{rows}}
