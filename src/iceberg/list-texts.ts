/**
 * The long lists of metadata files as the files have them. Text -> places; items -> bytes. A commit adds to
 * these lists and leaves the rest alone, so the rest is written as it was read: to render 1,000 snapshots of
 * each table anew was a fifth of the CPU of a cold `run` (100 of 500 ms, AMD EPYC, 2026-12-01).
 */
import type { TableMetadata } from './table-metadata.ts';

export const LONG_LISTS = ['snapshots', 'snapshot-log', 'metadata-log'] as const;
export type LongList = (typeof LONG_LISTS)[number];

/** A list of a file that was parsed. */
interface ParsedList {
  readonly items: readonly object[];
  readonly name: LongList;
  /** Undefined once its bytes were asked for. */
  readonly text?: string;
  readonly bytes?: Buffer;
}

/** By their first item. */
const parsed = new WeakMap<object, ParsedList>();

/** `metadata`: what the text was parsed as. */
export function rememberLists(text: string, metadata: TableMetadata): void {
  for (const name of LONG_LISTS) {
    const items = metadata[name] ?? [];
    const [first] = items;
    if (first !== undefined) parsed.set(first, { items, name, text });
  }
}

/**
 * Of a list that begins with all items of one that was parsed: how many these are, and their bytes in the
 * file, a comma before the first. Undefined where it does not, or where the file's list is not found.
 */
export function bytesAsParsed(
  items: readonly object[],
): { readonly count: number; readonly bytes: Buffer } | undefined {
  const [first] = items;
  const list = first === undefined ? undefined : parsed.get(first);
  if (list?.items.every((item, place) => item === items[place]) !== true) return undefined;
  const bytes = list.bytes ?? bytesOf(list);
  parsed.set(first as object, { items: list.items, name: list.name, bytes });
  return bytes.length === 0 ? undefined : { count: list.items.length, bytes };
}

/** Empty where the list is not found. */
function bytesOf({ items, name, text = '' }: ParsedList): Buffer {
  const begin = listBegin(name, text);
  if (begin === undefined) return NOT_FOUND;
  OTHER_FIELD.lastIndex = begin;
  const found = OTHER_FIELD.test(text)
    ? (itemsFrom(text, begin) ?? { count: 0, end: begin })
    : { count: items.length, end: text.lastIndexOf(']') };
  return found.count === items.length ? Buffer.from(`,${text.slice(begin, found.end)}`) : NOT_FOUND;
}
/**
 * What follows a list that is not the last field of the file. In our files the snapshots are, and their end
 * need not be searched for: of 3 MB that takes 10 ms.
 */
const OTHER_FIELD = /\]\s*,\s*"/g;
const NOT_FOUND = Buffer.alloc(0);

const LIST = /\s*:\s*\[/y;

/** The place after the bracket of a list; undefined where the text has its name twice, or not at all. */
export function listBegin(name: LongList, text: string): number | undefined {
  // Within a text the quotes would be escaped: these words are those of a field.
  const quoted = `"${name}"`;
  const place = text.indexOf(quoted);
  if (place < 0 || text.indexOf(quoted, place + 1) >= 0) return undefined;
  LIST.lastIndex = place + quoted.length;
  return LIST.test(text) ? LIST.lastIndex : undefined;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;

/** The objects of a list from there to its end: how many, and where the last one ends. */
export function itemsFrom(
  text: string,
  from: number,
): { readonly count: number; readonly end: number } | undefined {
  let [depth, count, end] = [0, 0, from];
  TOKENS.lastIndex = from;
  while (TOKENS.test(text)) {
    const mark = text[TOKENS.lastIndex - 1];
    if (mark === '{' || mark === '[') depth += 1;
    if (mark !== '}' && mark !== ']') continue;
    if (depth === 0) return mark === ']' ? { count, end } : undefined;
    depth -= 1;
    if (depth > 0) continue;
    count += 1;
    end = TOKENS.lastIndex;
  }
  return undefined;
}
