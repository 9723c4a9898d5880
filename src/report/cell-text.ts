/** Writes one value of a result as text. Value -> text. Pure. */
import { exactJson } from './json-text.ts';

/** Writes a value for reading: nested ones as JSON, and zero with its sign. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'object') return exactJson(value);
  return Object.is(value, -0) ? '-0' : String(value);
}
