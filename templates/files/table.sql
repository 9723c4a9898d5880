-- The columns of raw.{{name}}, as the files had them. Tests know their types from here.
{{ddl}}
