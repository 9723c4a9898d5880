-- @name test/hours_with_keys
-- What: the hours of rows with one of the keys, no further from the key's own hour than a window reaches; beside them how many keys there are.
-- @returns hour BIGINT, keys BIGINT
with changed as (
{{keys}}
)
select distinct held.hour, (select count(*) from (select distinct key from changed)) as keys
from (
{{rows}}
) as held
semi join changed
  on held.key is not distinct from changed.key
  and held.hour <= changed.hour + {{later}}
  and held.hour + {{earlier}} >= changed.hour
