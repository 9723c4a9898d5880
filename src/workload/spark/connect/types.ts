/** Types of Spark's columns, in the words in which the engine speaks of types. Spark's type -> type. Pure. */
import type { ColumnType } from '../../../model/column-type.ts';
import { backticked } from '../../../model/sql-name.ts';

type Leaf = Readonly<Record<string, never>>;

/** A type as Spark Connect describes it: one of its members is there. */
export interface SparkType {
  readonly null?: Leaf;
  readonly binary?: Leaf;
  readonly boolean?: Leaf;
  readonly byte?: Leaf;
  readonly short?: Leaf;
  readonly integer?: Leaf;
  readonly long?: Leaf;
  readonly float?: Leaf;
  readonly double?: Leaf;
  readonly decimal?: { readonly scale?: number; readonly precision?: number };
  readonly string?: Leaf;
  readonly char?: Leaf;
  readonly var_char?: Leaf;
  readonly date?: Leaf;
  readonly timestamp?: Leaf;
  readonly timestamp_ntz?: Leaf;
  readonly calendar_interval?: Leaf;
  readonly year_month_interval?: Leaf;
  readonly day_time_interval?: Leaf;
  readonly variant?: Leaf;
  readonly array?: { readonly element_type?: SparkType };
  readonly struct?: {
    readonly fields?: readonly { readonly name?: string; readonly data_type?: SparkType }[];
  };
  readonly map?: { readonly key_type?: SparkType; readonly value_type?: SparkType };
}

/**
 * DuckDB's name of what Iceberg stores of each: Spark's TIMESTAMP is a moment, its byte and short are
 * Iceberg's int.
 */
const PLAIN = {
  null: '"NULL"',
  binary: 'BLOB',
  boolean: 'BOOLEAN',
  byte: 'INTEGER',
  short: 'INTEGER',
  integer: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  char: 'VARCHAR',
  var_char: 'VARCHAR',
  date: 'DATE',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  timestamp_ntz: 'TIMESTAMP',
  calendar_interval: 'INTERVAL',
  year_month_interval: 'INTERVAL',
  day_time_interval: 'INTERVAL',
  variant: 'VARIANT',
} as const satisfies Partial<Record<keyof SparkType, string>>;

/** The type as Spark's SQL writes it. */
export function sparkTypeText(type: SparkType): string {
  if (type.array !== undefined) return `array<${sparkTypeText(type.array.element_type ?? {})}>`;
  if (type.map !== undefined)
    return `map<${sparkTypeText(type.map.key_type ?? {})}, ${sparkTypeText(type.map.value_type ?? {})}>`;
  if (type.struct !== undefined)
    return `struct<${(type.struct.fields ?? []).map(({ name = '', data_type: of = {} }) => `${backticked(name)}: ${sparkTypeText(of)}`).join(', ')}>`;
  if (type.decimal !== undefined)
    return `decimal(${type.decimal.precision ?? 10}, ${type.decimal.scale ?? 0})`;
  return OTHER_TEXT.find(([name]) => type[name] !== undefined)?.[1] ?? Object.keys(type)[0] ?? 'void';
}

/** Where Spark's SQL has another word than its protocol. */
const OTHER_TEXT = [
  ['null', 'void'],
  ['byte', 'tinyint'],
  ['short', 'smallint'],
  ['integer', 'int'],
  ['long', 'bigint'],
  ['char', 'string'],
  ['var_char', 'string'],
] as const;

export function columnTypeOf(type: SparkType): ColumnType {
  if (type.array !== undefined) return { kind: 'list', element: columnTypeOf(type.array.element_type ?? {}) };
  if (type.map !== undefined)
    return {
      kind: 'map',
      key: columnTypeOf(type.map.key_type ?? {}),
      value: columnTypeOf(type.map.value_type ?? {}),
    };
  if (type.struct !== undefined)
    return {
      kind: 'struct',
      members: (type.struct.fields ?? []).map(({ name = '', data_type: of = {} }) => ({
        name,
        type: columnTypeOf(of),
      })),
    };
  if (type.decimal !== undefined)
    return { kind: 'plain', name: `DECIMAL(${type.decimal.precision ?? 10},${type.decimal.scale ?? 0})` };
  const known = (Object.keys(PLAIN) as (keyof typeof PLAIN)[]).find((name) => type[name] !== undefined);
  return { kind: 'plain', name: known === undefined ? 'UNKNOWN' : PLAIN[known] };
}
