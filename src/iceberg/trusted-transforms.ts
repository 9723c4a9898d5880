/**
 * How far DuckDB 1.5.5 computes partition transforms as the Iceberg specification does ("Partition
 * Transforms", appendix B). Transform × type -> trust. Pure. Where it does not, it skips files whose rows are
 * asked for. Every pair was compared with files of PyIceberg (2026-11-28, `test/interop`):
 *
 * - identity, void, year, hour: right for all types.
 * - bucket: right for all but uuid, which is hashed with its highest bit turned over.
 * - truncate: right for int, long, binary and decimals of 10 to 18 digits. Text is cut after characters as a
 *   person sees them, not after code points; other decimals have their value taken for one of 64 bits.
 * - month, day: right for date. Timestamps before 1970 are rounded towards 1970, not down.
 */
export type TransformTrust = 'right' | 'wrong' | 'wrong-before-1970';

/** @param type Iceberg type of the source column now. */
export function transformTrust(transform: string, type: unknown): TransformTrust {
  const [name] = transform.split('[');
  const text = typeof type === 'string' ? type : '';
  if (name === 'bucket') return text === 'uuid' ? 'wrong' : 'right';
  if (name === 'truncate')
    return text === 'string' || (text.startsWith('decimal') && !isStoredIn64Bits(text)) ? 'wrong' : 'right';
  if (name === 'month' || name === 'day') return isTimestamp(text) ? 'wrong-before-1970' : 'right';
  return 'right';
}

/**
 * Transforms that DuckDB 1.5.5 cannot compute for `infinity`: for hours it gets a number below 0 and skips
 * all files, for the others it fails.
 */
export const failsOnInfinity = (transform: string, type: unknown): boolean =>
  ['year', 'month', 'day', 'hour'].includes(transform) && isTimestamp(String(type));

/** Types whose bounds do not tell about NaN, which DuckDB considers the greatest number. */
export const hasNan = (type: unknown): boolean => type === 'float' || type === 'double';

const isTimestamp = (type: string): boolean => type.startsWith('timestamp');

/** DuckDB stores decimals of 10 to 18 digits in 64 bits. */
function isStoredIn64Bits(decimal: string): boolean {
  const precision = Number(/\d+/.exec(decimal)?.[0]);
  return precision >= 10 && precision <= 18;
}
