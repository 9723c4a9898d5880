-- @name spark/versions
-- What: the versions of Spark and of the Iceberg runtime that it has loaded, and how the session means SQL; a catalog of Iceberg is found for it. Spark puts the value of
--       the setting into the text.
-- @returns spark VARCHAR, iceberg VARCHAR, time_zone VARCHAR, ansi VARCHAR
select version() as spark, {{function}}() as iceberg, current_timezone() as time_zone, '${spark.sql.ansi.enabled}' as ansi
