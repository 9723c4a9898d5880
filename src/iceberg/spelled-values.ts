/**
 * Reads values of the common types from the texts in which DuckDB spells them. Text -> value -> bytes of a
 * bound. Pure. Iceberg specification, appendix D. Throws RangeError if a text is spelled otherwise: then
 * DuckDB is asked.
 */
import type { AvroType } from '../model/avro-schema.ts';
import { DAY_MS } from '../model/hour.ts';

export type StoredValue = number | bigint | string | boolean;

/** How values of a type are spelled, compared and stored; for times the value is a count. */
interface SpelledType {
  /** The Avro type of a partition's value; missing if only DuckDB can write partitions of the type. */
  readonly avro?: AvroType;
  readonly read: (text: string) => StoredValue;
  readonly bytes: (value: StoredValue) => Buffer;
}

/** Matches a text; throws if the pattern does not fit. */
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

/** Only for years of four digits. */
function daysOf(text: string): number {
  const ms = Date.parse(matched(text, /^\d{4}-\d{2}-\d{2}$/)[0] as string);
  if (Number.isNaN(ms)) throw new RangeError(`no day: ${text}`);
  return ms / DAY_MS;
}

/** Microseconds since 1970 from `2023-09-14 05:00:00.123456`, in UTC. */
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
 * Types of columns whose bounds the engine states. Bounds are optional, so leaving one out is never wrong.
 */
const BOUNDED: readonly string[] = ['int', 'long', 'date', 'timestamp', 'timestamptz', 'string'];
/** Texts are cut after that many code points. */
const TEXT_MAX = 64;

/** The bound of a column that COPY gives as a text; undefined if none is stated here. Throws RangeError. */
export function columnBound(type: string, text: string, isLower: boolean): Buffer | undefined {
  if (!BOUNDED.includes(type)) return undefined;
  const { read, bytes } = TYPES[type] as SpelledType;
  if (type !== 'string' || text.length <= TEXT_MAX) return bytes(read(text));
  const points = [...text];
  if (points.length <= TEXT_MAX) return Buffer.from(text);
  // A cut upper bound would be less than the greatest value.
  return isLower ? Buffer.from(points.slice(0, TEXT_MAX).join('')) : undefined;
}

/** Reads the value of a text. Throws RangeError, also for a type that is not handled here. */
export function readSpelled(type: string, text: string): StoredValue {
  const known = TYPES[type];
  if (known === undefined) throw new RangeError(`a value of ${type}`);
  return known.read(text);
}

/** A partition field whose values can be spelled without DuckDB. */
export interface SpelledField {
  readonly avro: AvroType;
  readonly read: (text: string) => StoredValue;
  /** Bytes for the bounds in a manifest list. */
  readonly bytes: (value: StoredValue) => Buffer;
}

/** By a field's type and transform. Throws RangeError for a type that only DuckDB spells. */
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

/** Compares as bounds are compared: numbers by value, texts byte by byte. */
export function compareStored(one: StoredValue, other: StoredValue): number {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other as string));
  return one < other ? -1 : one > other ? 1 : 0;
}
