/** One value of a result as text. Value -> text. Pure. */
import { exactJson } from './json-text.ts';

/** A value as it is read: nested ones are JSON, and zero keeps its sign. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'object') return exactJson(value);
  return Object.is(value, -0) ? '-0' : String(value);
}
