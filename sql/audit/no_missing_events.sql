-- @name audit/no_missing_events
-- What: keys of the session's source rows that are not among the staged rows. NULL is a key like any other: a staged one is not
--       missing, a lost one is. Zero rows = pass.
with {{sources}}
select distinct source.{{key}} as missing_key
from {{source}} as source
anti join {{staged}} as staged on staged.{{target_key}} is not distinct from source.{{key}}
