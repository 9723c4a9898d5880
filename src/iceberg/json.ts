/**
 * The one JSON codec for Iceberg metadata. Text -> values -> text, without losing a digit of a 64-bit number.
 * Plain `JSON.parse` rounds snapshot ids above 2^53; a rounded id names another snapshot.
 */

/** Fields that the Iceberg specification types as `long` and that may exceed 2^53: always `bigint` here, whatever their value. */
const LONG_FIELDS = new Set([
  'snapshot-id',
  'current-snapshot-id',
  'parent-snapshot-id',
  'source-snapshot-id',
  'sequence-number',
  'last-sequence-number',
  'first-row-id',
  'next-row-id',
  'added-rows',
  'last-updated-row-id',
]);
/** Lists of `long` (`remove-snapshots`): their elements reach the reviver under an index, so the list is fixed up as a whole. */
const LONG_LIST_FIELDS = new Set(['snapshot-ids']);

/**
 * Parses JSON; the fields in {@link LONG_FIELDS} become `bigint`, and so does any other integer outside the safe range.
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson<T = unknown>(text: string): T {
  return JSON.parse(text, function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
    if (typeof value === 'number') {
      const source = context?.source ?? String(value);
      if (LONG_FIELDS.has(key) && /^-?\d+$/.test(source)) return BigInt(source);
      if (!Number.isSafeInteger(value) && /^-?\d+$/.test(source)) return BigInt(source);
      return value;
    }
    if (LONG_LIST_FIELDS.has(key) && Array.isArray(value)) return value.map((item) => (typeof item === 'number' ? BigInt(item) : item));
    return value;
  } as (this: unknown, key: string, value: unknown) => unknown) as T;
}

/** JSON with raw numbers, as shipped by V8; the library types do not know it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

/** Renders JSON; a `bigint` becomes a plain JSON number with all its digits. */
export function renderJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? rawJson(item.toString()) : item), indent);
}
