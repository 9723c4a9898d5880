-- @name test/some_rows
-- What: some rows of a table.
select {{columns}} from {{table}} limit {{most}}
