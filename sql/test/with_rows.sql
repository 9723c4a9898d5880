-- @name test/with_rows
-- What: the rows of a table, and others.
from {{table}} union all from {{rows}}
