-- @name test/keys_of_rows
-- What: the keys of rows, with their hours.
select {{key}} as key, {{hour}} as hour from {{table}}
