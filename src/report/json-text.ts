/** Writes values as JSON without losing anything. Value -> text. Pure. */
import { harmlessJson } from './harmless.ts';

/**
 * 64-bit integers are texts: a program that reads them as numbers would lose digits. So are numbers that
 * JSON lacks, `"NaN"`, `"Infinity"` and `"-Infinity"`: as `null` they would be taken for NULL.
 */
export const jsonText = (value: unknown): string => JSON.stringify(value, jsonValue, 2);

/** The same on one line, with characters spelled out that a terminal would act on. */
export const jsonLine = (value: unknown): string => harmlessJson(exactJson(value));

/**
 * Writes JSON on one line. Does it by hand, since `JSON.stringify` calls a replacer for every value of every
 * row. Not measured.
 */
export function exactJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `"${value}"`;
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return 'null';
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${exactJson(member)}`,
  );
  return `{${members.join(',')}}`;
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? RAW.rawJSON('-0') : value;
}

/** In JavaScript since 2025 (Node 22 has it), but not yet in TypeScript's library. */
const RAW = JSON as typeof JSON & { rawJSON(text: string): unknown };
