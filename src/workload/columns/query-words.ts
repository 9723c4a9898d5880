/** Words how the SQL of a process writes what a hint asks for, in its engine's dialect. Pure. */
import type { IcebergType } from '../../iceberg/table-metadata.ts';
import { type EngineName, engineOf } from '../../model/engines.ts';
import { backticked, sqlName } from '../../model/sql-name.ts';
import { duckdbTypeName, sparkStoredType } from '../../statements/index.ts';

export interface QueryWords {
  /** A column, quoted where it has to be. */
  name(column: string): string;
  /** A type of Iceberg; undefined where the engine has none of that name. */
  type(type: IcebergType): string | undefined;
  cast(column: string, type: string): string;
  /** A time as one of the other kind, in UTC. `from`: DuckDB's name of it, `to`: Iceberg's of that one. */
  inUtc(column: string, kinds: { readonly from: string; readonly to: string }): string;
  /** What says the same of a value inside a column. */
  readonly utcInside: string;
  /** Epoch milliseconds and seconds as moments. */
  readonly fromMillis: (column: string) => string;
  readonly fromSeconds: (column: string) => string;
  readonly moment: string;
  /** Some types that Iceberg has. */
  readonly types: string;
}

const DUCKDB_WORDS: QueryWords = {
  name: sqlName,
  type: duckdbTypeName,
  cast: (column, type) => `${column}::${type}`,
  inUtc: (column, { from }) => `${column}${from === 'DATE' ? '::timestamp' : ''} at time zone 'UTC'`,
  utcInside: "at time zone 'UTC'",
  fromMillis: (column) => `make_timestamptz(${column} * 1000)`,
  fromSeconds: (column) => `to_timestamp(${column})`,
  moment: 'timestamptz',
  types: 'varchar, bigint, double or timestamptz',
};

const sparkCast = (column: string, type: string): string => `cast(${column} as ${type})`;

/** A session there is in UTC. */
const SPARK_WORDS: QueryWords = {
  // A double quote is refused in the SQL of a process there.
  name: (column) => (sqlName(column) === column ? column : backticked(column)),
  type: sparkStoredType,
  cast: sparkCast,
  inUtc: (column, { to }) => sparkCast(column, to.startsWith('timestamptz') ? 'timestamp' : 'timestamp_ntz'),
  utcInside: 'a cast to timestamp, or to timestamp_ntz,',
  fromMillis: (column) => `timestamp_millis(${column})`,
  fromSeconds: (column) => `timestamp_seconds(${column})`,
  moment: 'timestamp',
  types: 'string, bigint, double or timestamp',
};

export const queryWords = (spec: { readonly engine?: EngineName }): QueryWords =>
  engineOf(spec) === 'spark' ? SPARK_WORDS : DUCKDB_WORDS;
