-- @name spark/temporary_view
-- What: a query under a name, for a shell.
create or replace temporary view {{name}} as
{{query}}
