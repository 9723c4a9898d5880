-- @name compile/source_files
-- What: the rows that this session reads of a folder; `filename` where the query asks for it.
select {{columns}} from {{relation}}
