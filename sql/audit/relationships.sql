-- @name audit/relationships
-- What: staged rows whose column holds a value that no row of the source has in its column. NULL passes, as in a FOREIGN KEY of SQL. Zero rows = pass.
with {{sources}}
select staged.*
from {{staged}} as staged
anti join {{source}} as source on source.{{to_column}} = staged.{{column}}
where staged.{{column}} is not null
