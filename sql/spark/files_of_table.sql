-- @name spark/files_of_table
-- What: how many files a table has, as its manifests say: driver and executors have to get to them.
-- @returns files BIGINT
select count(*) as files from {{table}}.files
