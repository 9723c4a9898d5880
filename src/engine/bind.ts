/**
 * Converts values to those that DuckDB binds, by the types that a statement's header declares. Values ->
 * DuckDB values. Pure. A value of another type is a bug of this package and is refused: DuckDB would cast it,
 * and compare a number as text.
 */
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import {
  type DeclaredParameter,
  type SqlType,
  type Statement,
  statementFile,
  typeName,
} from '../statements/index.ts';

/**
 * What may be bound. 64-bit integers are bigints, or numbers up to 2^53; a moment is ISO 8601 text with its
 * zone, milliseconds since 1970, or as a bigint microseconds since 1970.
 */
export type BoundValue = BoundItem | null | readonly BoundItem[];
type BoundItem = string | number | bigint | boolean | Uint8Array;

/** SQL that is no statement of `sql/` as it stands, or a step of a plan. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, BoundValue>>;
  /**
   * For a step: its name, and the types of its values. Without them values are bound by their JavaScript
   * types.
   */
  readonly declared?: { readonly name: string; readonly parameters: readonly DeclaredParameter[] };
  /** It stays prepared, as a `keptStatement` does. */
  readonly isKept?: true;
  /** SQL of this project alone: where it fails, nobody looks for the place in a text of theirs. */
  readonly isOwn?: true;
}

export interface DuckDBParameters {
  readonly values: Record<string, DuckDBValue>;
  readonly types: Record<string, DuckDBType>;
}

interface Typed {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

/**
 * The values of a statement. Those that are undefined are left out, as fragments may be that name them.
 * Throws `internal-bug` with the statement and the parameter where a value is missing, unknown or of another
 * type.
 */
export function bindDeclared(
  statement: string,
  declared: readonly DeclaredParameter[],
  given: Readonly<Record<string, BoundValue | undefined>>,
): DuckDBParameters {
  const wrong = (name: string, why: string): PsybergError =>
    new PsybergError('internal-bug', `statement ${statement}: $${name} ${why}`, {
      hint: 'report this with the command that you ran',
      context: { statement, parameter: name },
    });
  for (const name of Object.keys(given))
    if (given[name] !== undefined && !declared.some((each) => each.name === name))
      throw wrong(name, 'is not declared');
  const bound: DuckDBParameters = { values: {}, types: {} };
  for (const { name, type, nullable, optional } of declared) {
    const value = given[name];
    if (value === undefined) {
      if (!optional) throw wrong(name, 'is missing');
      continue;
    }
    const typed = value === null ? (nullable ? NULL : undefined) : typedValue(type, value);
    if (typed === undefined)
      throw wrong(name, `is ${described(value)}, expected ${typeName(type)}${nullable ? ' or NULL' : ''}`);
    bound.values[name] = typed.value;
    bound.types[name] = typed.type;
  }
  return bound;
}

/** DuckDB binds NULL without a type: where a statement needs one it casts the parameter. */
const NULL: Typed = { value: null, type: VARCHAR };

/** Undefined when the value is not of the type. */
function typedValue(type: SqlType, value: unknown): Typed | undefined {
  if (type.kind === 'list') return typedList(type.item, value);
  if (type.kind === 'map') return undefined;
  switch (type.name) {
    case 'VARCHAR':
    case 'JSON':
      return typeof value === 'string' ? { value, type: VARCHAR } : undefined;
    case 'BOOLEAN':
      return typeof value === 'boolean' ? { value, type: BOOLEAN } : undefined;
    case 'DOUBLE':
      return typeof value === 'number' ? { value, type: DOUBLE } : undefined;
    case 'INTEGER':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31
        ? { value, type: INTEGER }
        : undefined;
    case 'BIGINT': {
      const integer = bigintOf(value);
      return integer === undefined ? undefined : { value: integer, type: BIGINT };
    }
    case 'DATE': {
      const days = daysOf(value);
      return days === undefined ? undefined : { value: new DuckDBDateValue(days), type: DATE };
    }
    case 'TIMESTAMP':
    case 'TIMESTAMPTZ': {
      const micros = microsOf(value);
      if (micros === undefined) return undefined;
      return type.name === 'TIMESTAMP'
        ? { value: new DuckDBTimestampValue(micros), type: TIMESTAMP }
        : { value: new DuckDBTimestampTZValue(micros), type: TIMESTAMPTZ };
    }
    case 'BLOB':
      return value instanceof Uint8Array ? { value: new DuckDBBlobValue(value), type: BLOB } : undefined;
    default:
      return undefined;
  }
}

/** An empty list has its type from the header. */
function typedList(item: SqlType, value: unknown): Typed | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((each) => typedValue(item, each));
  if (items.includes(undefined)) return undefined;
  const type = typedType(item);
  return type === undefined
    ? undefined
    : { value: listValue(items.map((each) => (each as Typed).value)), type: LIST(type) };
}

function typedType(type: SqlType): DuckDBType | undefined {
  if (type.kind !== 'scalar') return undefined;
  const types = {
    VARCHAR,
    JSON: VARCHAR,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    BIGINT,
    DATE,
    TIMESTAMP,
    TIMESTAMPTZ,
    BLOB,
  };
  return (types as Readonly<Record<string, DuckDBType>>)[type.name];
}

/** A number above 2^53 may have been another integer before: refused. */
function bigintOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined;
}

const ISO_TEXT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})$/;

function microsOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return bigintOf(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) * 1000n : undefined;
  const [, seconds, fraction = '', zone] = (typeof value === 'string' ? ISO_TEXT.exec(value) : null) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  // JavaScript's dates end at milliseconds.
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** Days since 1970 of `YYYY-MM-DD`. */
function daysOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 86_400_000;
}

/** `the number 9007199254740993`, of long texts the beginning. */
function described(value: BoundValue): string {
  if (value === null) return 'NULL';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value))
    return `a list of ${value.length}: ${value.map(described).join(', ').slice(0, 100)}`;
  const text = String(value);
  return `the ${typeof value} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}

export type Asked = BoundStatement | Statement;
export type Values = Readonly<Record<string, BoundValue | undefined>> | undefined;
/** SQL with values that DuckDB takes. */
export type Runnable = Pick<BoundStatement, 'sql' | 'isOwn' | 'isKept'> & DuckDBParameters;

/** Throws `internal-bug` as {@link bindDeclared}. */
export function runnable(asked: Asked, parameters: Values): Runnable {
  if ('name' in asked)
    return {
      sql: asked.sql,
      ...(asked.isKept === undefined ? {} : { isKept: asked.isKept }),
      ...bindDeclared(asked.name, statementFile(asked.name).parameters, parameters ?? {}),
    };
  const { sql, declared, isOwn, isKept } = asked;
  return {
    sql,
    ...(isOwn === undefined ? {} : { isOwn }),
    ...(isKept === undefined ? {} : { isKept }),
    ...(declared === undefined
      ? bindPlain(asked.parameters)
      : bindDeclared(declared.name, declared.parameters, asked.parameters)),
  };
}

/** Values without a declaration, as what they are; of lists only those of text. */
function bindPlain(parameters: BoundStatement['parameters']): DuckDBParameters {
  const bound: DuckDBParameters = { values: {}, types: {} };
  for (const [name, value] of Object.entries(parameters)) {
    bound.values[name] = Array.isArray(value) ? listValue(value as string[]) : (value as DuckDBValue);
    if (Array.isArray(value)) bound.types[name] = LIST(VARCHAR);
  }
  return bound;
}
