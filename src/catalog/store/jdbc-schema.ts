/**
 * Defines the tables of Iceberg's JDBC catalog (`org.apache.iceberg.jdbc.JdbcUtil`, schema version V1). Kept
 * letter by letter, so that Iceberg's `JdbcCatalog` and PyIceberg's `SqlCatalog` can open the same database.
 */
export const JDBC_SCHEMA: readonly string[] = [
  `create table if not exists iceberg_tables (
    catalog_name varchar(255) not null,
    table_namespace varchar(255) not null,
    table_name varchar(255) not null,
    metadata_location varchar(1000),
    previous_metadata_location varchar(1000),
    iceberg_type varchar(5),
    primary key (catalog_name, table_namespace, table_name)
  )`,
  `create table if not exists iceberg_namespace_properties (
    catalog_name varchar(255) not null,
    namespace varchar(255) not null,
    property_key varchar(255) not null,
    property_value varchar(1000),
    primary key (catalog_name, namespace, property_key)
  )`,
];

/** For databases that an older writer made: before 1.6 Iceberg's JDBC catalog had no views. */
export const ICEBERG_TYPE_COLUMN = 'alter table iceberg_tables add column iceberg_type varchar(5)';

export interface JdbcTables {
  iceberg_tables: {
    catalog_name: string;
    table_namespace: string;
    table_name: string;
    metadata_location: string | null;
    previous_metadata_location: string | null;
    iceberg_type: string | null;
  };
  iceberg_namespace_properties: {
    catalog_name: string;
    namespace: string;
    property_key: string;
    property_value: string | null;
  };
}

/** Iceberg's JDBC catalog gives a namespace without properties this one; clients never see it. */
export const EXISTS_PROPERTY = 'exists';
