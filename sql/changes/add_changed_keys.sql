-- @name changes/add_changed_keys
-- What: the keys of some rows with their hours. Rows are told by two hashes where a rewrite may have left them as they were, and not at all where they only came.
-- @param $present_hour BIGINT rows of later hours are of the future, and those without an event time of none
insert into {{changed}}
select key, hour, row_hash, second_hash, {{sign}} * count(*)
from (
  select data.{{key}} as key, event_hour({{stored_event_time}}, {{unit}}, false) as hour, {{row_hash}} as row_hash, {{second_hash}} as second_hash
  from {{rows}} as data
) as rows
where hour <= $present_hour
group by all
