-- @name spark/versions
-- What: the versions of Spark and of the Iceberg runtime that it has loaded; a catalog of Iceberg is found for it.
-- @returns spark VARCHAR, iceberg VARCHAR
select version() as spark, {{function}}() as iceberg
