-- @name compile/source_changes
-- What: the rows of a source that this session reads: a change view holds nothing else.
select {{columns}} from {{source}}
