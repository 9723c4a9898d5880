/** A row that Spark has written as JSON. Text -> row. Pure. */

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** A number of more digits than JavaScript's own hold is a bigint: as a number it would be another one. */
const withAllDigits: Reviver = (_key, value, { source = '' }) =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  !Number.isSafeInteger(value) &&
  /^-?\d+$/.test(source)
    ? BigInt(source)
    : value;

export const rowOfJson = (text: string): Record<string, unknown> =>
  JSON.parse(text, withAllDigits as Parameters<typeof JSON.parse>[1]) as Record<string, unknown>;
