-- @param column IDENTIFIER
-- @param column VARCHAR
-- @param least BIGINT
-- @param last_hour TIMESTAMP
-- @param amount MONEY
-- @param
-- @param untyped
-- @param unused BOOLEAN
-- @param turned BIGINT

select * from staged where $column = 1 and {{turned}} = {{nobody}}
