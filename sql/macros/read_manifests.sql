-- @name macros/read_manifests
-- What: Avro files with the path of each as it was given: `read_avro` reports `file:/a/b` as `/a/b`, and what is joined by path with a manifest list
--       that a writer in Java made would find nothing.
--       (Not a temporary macro: statements on forked connections need it too.)
-- @gives the columns of the files, and filename
create or replace macro read_manifests(paths) as table
select entry.* replace (given.path as filename)
from read_avro(paths, filename = true) as entry
join (select distinct unnest(paths) as path) as given on plain_path(given.path) = entry.filename
