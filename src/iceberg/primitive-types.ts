/**
 * Lists the primitive types of columns, and what a default value of each looks like in JSON (Iceberg
 * specification, "Primitive Types" and "JSON single-value serialization"). Pure.
 */
import type { IcebergType } from './table-metadata.ts';

interface PrimitiveType {
  /** Its groups are the type's parameters. */
  readonly text: RegExp;
  /** The format version that introduced it, if it was not there from the start. */
  readonly since?: 3;
  /** Why a type cannot have these parameters. */
  readonly fault?: (parameters: readonly number[]) => string | undefined;
  readonly isDefault: (value: unknown, parameters: readonly number[]) => boolean;
}

const PRECISION_MAX = 38;
/** The largest length that other clients have room for. */
const INT_MAX = 2 ** 31 - 1;

const integer = (bits: number) => {
  const end = 2n ** BigInt(bits - 1);
  return (value: unknown): boolean =>
    (typeof value === 'bigint' || Number.isInteger(value)) &&
    BigInt(value as number) < end &&
    BigInt(value as number) >= -end;
};
const text =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === 'string' && pattern.test(value);

const DAY = String.raw`\d{4}-\d\d-\d\d`;
const TIME = String.raw`([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?`;
const onDay =
  (pattern: RegExp) =>
  (value: unknown): boolean => {
    if (!text(pattern)(value)) return false;
    const day = (value as string).slice(0, 'yyyy-mm-dd'.length);
    const ms = Date.parse(`${day}T00:00Z`);
    // JavaScript reads the 30th of February as a day in March.
    return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
  };
const LOCAL = onDay(new RegExp(`^${DAY}T${TIME}$`));
const UTC = onDay(new RegExp(`^${DAY}T${TIME}(Z|\\+00:00)$`));
const isNumber = (value: unknown): boolean => typeof value === 'number';

const PRIMITIVE_TYPES: readonly PrimitiveType[] = [
  { text: /^boolean$/, isDefault: (value) => typeof value === 'boolean' },
  { text: /^int$/, isDefault: integer(32) },
  { text: /^long$/, isDefault: integer(64) },
  { text: /^(?:float|double)$/, isDefault: isNumber },
  {
    text: /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/,
    fault([precision = 0, scale = 0]) {
      if (precision > PRECISION_MAX)
        return `Decimals with precision larger than ${PRECISION_MAX} are not supported: ${precision}`;
      return precision < 1 || scale > precision
        ? `Decimals with more digits behind the point than in all are not supported: (${precision}, ${scale})`
        : undefined;
    },
    isDefault: (value, [, scale = 0]) =>
      text(/^[+-]?\d+(\.\d+)?$/)(value) && ((value as string).split('.')[1] ?? '').length === scale,
  },
  { text: /^date$/, isDefault: onDay(new RegExp(`^${DAY}$`)) },
  { text: /^time$/, isDefault: text(new RegExp(`^${TIME}$`)) },
  { text: /^timestamp$/, isDefault: LOCAL },
  { text: /^timestamptz$/, isDefault: UTC },
  { text: /^string$/, isDefault: text(/^/) },
  { text: /^uuid$/, isDefault: text(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i) },
  {
    text: /^fixed\[\s*(\d+)\s*\]$/,
    fault: ([length = 0]) =>
      length > INT_MAX ? `Fixed lengths larger than ${INT_MAX} are not supported: ${length}` : undefined,
    isDefault: (value, [length = 0]) => text(/^[\da-f]*$/i)(value) && (value as string).length === 2 * length,
  },
  { text: /^binary$/, isDefault: text(/^([\da-f]{2})*$/i) },
  { text: /^timestamp_ns$/, since: 3, isDefault: LOCAL },
  { text: /^timestamptz_ns$/, since: 3, isDefault: UTC },
  // Iceberg specification, "Default values": columns of these types have none but null.
  { text: /^(?:unknown|variant|(?:geometry|geography)(?:\(.*\))?)$/, since: 3, isDefault: () => false },
];

function find(
  type: string,
): { readonly primitive: PrimitiveType; readonly parameters: readonly number[] } | undefined {
  for (const primitive of PRIMITIVE_TYPES) {
    const match = primitive.text.exec(type);
    if (match) return { primitive, parameters: match.slice(1).map(Number) };
  }
  return undefined;
}

/** Why a table of this format version cannot have a column of a primitive type; undefined if it can. */
export function typeFault(
  { path, type }: { readonly path: string; readonly type: string },
  formatVersion: number,
): string | undefined {
  const found = find(type);
  if (found === undefined) return `Cannot parse type string to primitive: ${type}`;
  const { primitive, parameters } = found;
  if (primitive.since !== undefined && formatVersion < primitive.since)
    return `Invalid schema for v${formatVersion}:\n- Invalid type for ${path}: ${type} is not supported until v${primitive.since}`;
  return primitive.fault?.(parameters);
}

/**
 * True if a value that is not null can be the default of a column. Nested types have no default: a struct's
 * could be `{}`, but Apache Iceberg reads no table with one.
 */
export function isDefaultOf(type: IcebergType, value: unknown): boolean {
  const found = typeof type === 'string' ? find(type) : undefined;
  return found?.primitive.isDefault(value, found.parameters) === true;
}
