/**
 * DuckDB's names of the primitive Iceberg types that need no argument (Iceberg specification, "Primitive
 * Types"). Pure.
 */
export const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  int: 'integer',
  long: 'bigint',
  float: 'float',
  double: 'double',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  timestamp_ns: 'timestamp_ns',
  string: 'varchar',
  binary: 'blob',
  uuid: 'uuid',
};
