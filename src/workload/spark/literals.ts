/**
 * Statements with their values as Spark Connect takes them. BoundStatement -> SparkStatement. Pure. Spark
 * names a value `:name` where DuckDB and the project's SQL say `$name`: one character for another, so places
 * in a text stay what they are. A list is written out: Spark binds single values.
 */
import type { BoundStatement, BoundValue } from '../../engine/index.ts';
import { PsybergError } from '../../model/errors.ts';
import { DAY_MS } from '../../model/hour.ts';
import {
  type DeclaredParameter,
  replaceParameters,
  type SqlType,
  sparkArrayText,
} from '../../statements/index.ts';
import type { SparkLiteral, SparkStatement } from './connect/client.ts';

export function sparkStatement({ sql, parameters, declared }: BoundStatement): SparkStatement {
  const values: Record<string, SparkLiteral> = {};
  const typeOf = (name: string): SqlType | undefined =>
    (declared?.parameters ?? []).find((each: DeclaredParameter) => each.name === name)?.type;
  const written = replaceParameters(sql, (name) => {
    const value = parameters[name];
    if (value === undefined)
      throw new PsybergError('internal-bug', `statement ${declared?.name ?? ''}: $${name} is missing`, {
        hint: 'report this with the plan that you ran',
      });
    if (isList(value)) return sparkArrayText(value, typeOf(name));
    values[name] = literalOf(value, typeOf(name));
    return `:${name}`;
  });
  return { sql: written, values };
}

/** The project's own SQL as it stands in such a statement; it names single values alone. */
export const sparkText = (sql: string): string => replaceParameters(sql, (name) => `:${name}`);

const isList = (value: BoundValue): value is Extract<BoundValue, readonly unknown[]> => Array.isArray(value);

type Scalar = Exclude<BoundValue, readonly unknown[]>;

/** `type`: as the statement's header declares it; without one the value says what it is. */
function literalOf(value: Scalar, type: SqlType | undefined): SparkLiteral {
  if (value === null) return { null: { null: {} } };
  const name = type?.kind === 'scalar' ? type.name : undefined;
  if (name === 'TIMESTAMP' || name === 'TIMESTAMPTZ') return { timestamp: String(microsOf(value)) };
  if (name === 'DATE') return { date: Math.floor(Date.parse(String(value)) / DAY_MS) };
  if (name === 'DOUBLE') return { double: Number(value) };
  if (typeof value === 'boolean') return { boolean: value };
  if (typeof value === 'bigint' || typeof value === 'number') return numberOf(value);
  return { string: String(value) };
}
const INTEGER_MAX = 2n ** 31n;

/** LIMIT takes an int, and an int is compared with a bigint as what it is. */
function numberOf(value: number | bigint): SparkLiteral {
  if (typeof value === 'number' && !Number.isInteger(value)) return { double: value };
  const integer = BigInt(value);
  return integer < INTEGER_MAX && integer >= -INTEGER_MAX
    ? { integer: Number(integer) }
    : { long: String(integer) };
}

/** As {@link BoundValue} says it: ISO text, ms as a number, or microseconds as a bigint. */
function microsOf(value: Scalar): bigint {
  if (typeof value === 'bigint') return value;
  const ms = typeof value === 'number' ? value : Date.parse(String(value));
  return BigInt(Math.round(ms)) * 1000n;
}
