-- @name spark/hours_table
-- What: a table of the shell's own for the hours of a dimension, shaped like its target.
create table {{hours}} using parquet as
select * from {{target}}
limit 0
