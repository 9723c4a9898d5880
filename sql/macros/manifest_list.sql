-- @name macros/manifest_list
-- What: manifest lists as rows, as fragments/as_listed says.
--       (Not a temporary macro: statements on forked connections need it too.)
-- @gives a table: the columns of `manifest_file`, is_live (it lists live files, as far as anybody knows) and filename (the list)
create or replace macro manifest_list(lists) as table (
  with listed as (
    select * from read_avro(lists, filename = true)
  )
  {{as_listed}}
)
