/**
 * Values of the common types, of the texts in which DuckDB spells them. Text -> value -> bytes of a bound.
 * Pure. Iceberg specification, appendix D. A text that is spelled otherwise is a RangeError: DuckDB is asked
 * then.
 */
import type { AvroType } from '../model/avro-schema.ts';
import { DAY_MS } from '../model/hour.ts';

export type StoredValue = number | bigint | string | boolean;

/** How values of a type are spelled, compared and stored; of times the value is a count. */
interface SpelledType {
  /** Of a partition's value; absent where partitions of the type are DuckDB's to write. */
  readonly avro?: AvroType;
  readonly read: (text: string) => StoredValue;
  readonly bytes: (value: StoredValue) => Buffer;
}

/** Refuses what the pattern does not fit. */
function matched(text: string, pattern: RegExp): readonly (string | undefined)[] {
  const found = pattern.exec(text);
  if (found === null) throw new RangeError(`no value that is known here: ${text}`);
  return found;
}

function within(value: bigint, bits: 32 | 64): bigint {
  if (BigInt.asIntN(bits, value) !== value) throw new RangeError(`${value} has more than ${bits} bits`);
  return value;
}

const integer = (text: string): bigint => BigInt(matched(text, /^-?\d+$/)[0] as string);

/** Years of four digits. */
function daysOf(text: string): number {
  const ms = Date.parse(matched(text, /^\d{4}-\d{2}-\d{2}$/)[0] as string);
  if (Number.isNaN(ms)) throw new RangeError(`no day: ${text}`);
  return ms / DAY_MS;
}

/** Microseconds since 1970 of `2023-09-14 05:00:00.123456`, in UTC. */
function microsecondsOf(text: string, zone: '' | '\\+00'): bigint {
  const pattern = new RegExp(`^(\\d{4}-\\d{2}-\\d{2}) (\\d{2}:\\d{2}:\\d{2})(?:\\.(\\d{1,6}))?${zone}$`);
  const [, day, time, fraction = ''] = matched(text, pattern);
  const ms = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(ms)) throw new RangeError(`no time: ${text}`);
  return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

function int32(value: StoredValue): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(value as number);
  return bytes;
}

function int64(value: StoredValue): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value as bigint);
  return bytes;
}

const INT: SpelledType = {
  avro: 'int',
  read: (text) => Number(within(integer(text), 32)),
  bytes: int32,
};
const TYPES: Readonly<Record<string, SpelledType>> = {
  int: INT,
  long: { avro: 'long', read: (text) => within(integer(text), 64), bytes: int64 },
  date: { avro: { type: 'int', logicalType: 'date' }, read: daysOf, bytes: int32 },
  timestamp: { read: (text) => microsecondsOf(text, ''), bytes: int64 },
  timestamptz: { read: (text) => microsecondsOf(text, '\\+00'), bytes: int64 },
  string: { avro: 'string', read: (text) => text, bytes: (value) => Buffer.from(value as string) },
  boolean: {
    avro: 'boolean',
    read: (text) => matched(text, /^(?:true|false)$/)[0] === 'true',
    bytes: (value) => Buffer.from([value === true ? 1 : 0]),
  },
};

/**
 * Those of which the engine states bounds of columns: they are optional, and a missing one is never wrong.
 */
const BOUNDED: readonly string[] = ['int', 'long', 'date', 'timestamp', 'timestamptz', 'string'];
/** After so many code points a text is cut. */
const TEXT_MAX = 64;

/**
 * The bound of a column that COPY states as a text; undefined where none is stated here. Throws RangeError.
 */
export function columnBound(type: string, text: string, isLower: boolean): Buffer | undefined {
  if (!BOUNDED.includes(type)) return undefined;
  const { read, bytes } = TYPES[type] as SpelledType;
  if (type !== 'string' || text.length <= TEXT_MAX) return bytes(read(text));
  const points = [...text];
  if (points.length <= TEXT_MAX) return Buffer.from(text);
  // A cut upper bound would lie below the greatest value.
  return isLower ? Buffer.from(points.slice(0, TEXT_MAX).join('')) : undefined;
}

/** The value of a text. Throws RangeError, also of a type that is none of these. */
export function readSpelled(type: string, text: string): StoredValue {
  const known = TYPES[type];
  if (known === undefined) throw new RangeError(`a value of ${type}`);
  return known.read(text);
}

/** A partition field whose values can be spelled here. */
export interface SpelledField {
  readonly avro: AvroType;
  readonly read: (text: string) => StoredValue;
  /** Of the bounds in a manifest list. */
  readonly bytes: (value: StoredValue) => Buffer;
}

/** Of a field's type and transform. Throws RangeError of a type that only DuckDB spells. */
export function spelledField({
  type,
  transform,
}: {
  readonly type: string;
  readonly transform: string;
}): SpelledField {
  const { avro, read, bytes } = (transform === 'void' ? INT : TYPES[type]) ?? {};
  if (avro === undefined || read === undefined || bytes === undefined)
    throw new RangeError(`a partition of ${type}`);
  return { avro, read, bytes };
}

/** As bounds are compared: numbers as such, texts byte by byte. */
export function compareStored(one: StoredValue, other: StoredValue): number {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other as string));
  return one < other ? -1 : one > other ? 1 : 0;
}
