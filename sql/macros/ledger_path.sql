-- @name macros/ledger_path
-- What: a file as the ledger of files has it: relative to the project's folder where it lies below it, or below a folder that it lies in (`../landing/a.jsonl`); any
--       other as it is.
-- @gives VARCHAR
create or replace temp macro ledger_path(file, folder, above) as (
  case
    when starts_with(file, folder) then substr(file, length(folder) + 1)
    else coalesce(
      list_transform(
        list_filter(list_zip(above, range(1, len(above) + 1)), each -> starts_with(file, each[1])),
        each -> repeat('../', each[2]) || substr(file, length(each[1]) + 1)
      )[1],
      file
    )
  end
)
