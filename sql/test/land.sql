-- @name test/land
-- What: one commit: the rows of an arrival are appended to a table of the warehouse, or to its mirror in memory.
insert into {{table}} from {{rows}}
