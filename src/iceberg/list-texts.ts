/**
 * The long lists of metadata files as the files have them. Bytes -> places; items -> bytes. A commit adds to
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
  readonly file?: Buffer;
  readonly bytes?: Buffer;
}

/** By their first item. */
const parsed = new WeakMap<object, ParsedList>();

/** `metadata`: what the file was parsed as. */
export function rememberLists(file: Buffer, metadata: TableMetadata): void {
  for (const name of LONG_LISTS) {
    const items = metadata[name] ?? [];
    const [first] = items;
    if (first !== undefined) parsed.set(first, { items, name, file });
  }
}

/**
 * Of a list that begins with all items of one that was parsed: how many these are, and their bytes in the
 * file. Undefined where it does not, or where the file's list is not found.
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

const NOTHING = Buffer.alloc(0);

/** Empty where the list is not found. */
function bytesOf({ items, name, file = NOTHING }: ParsedList): Buffer {
  const begin = listBegin(name, file);
  if (begin === undefined) return NOTHING;
  const found = OTHER_FIELD.test(file.toString('latin1', begin))
    ? itemsFrom(file, begin)
    : { count: items.length, end: file.lastIndexOf(CLOSE_LIST) };
  return found?.count === items.length ? file.subarray(begin, found.end) : NOTHING;
}

/**
 * What follows a list that is not the last field of the file. In our files the snapshots are, and their end
 * need not be searched for: of 3 MB that takes 10 ms.
 */
const OTHER_FIELD = /\]\s*,\s*"/;

/** The place after the bracket of a list; undefined where the file has its name twice, or not at all. */
export function listBegin(name: LongList, file: Buffer): number | undefined {
  // Within a text the quotes would be escaped: these words are those of a field.
  const quoted = `"${name}"`;
  const place = file.indexOf(quoted, 0, 'latin1');
  if (place < 0 || file.indexOf(quoted, place + 1, 'latin1') >= 0) return undefined;
  const colon = afterBlanks(file, place + quoted.length);
  const bracket = afterBlanks(file, colon + 1);
  return file[colon] === COLON && file[bracket] === OPEN_LIST ? bracket + 1 : undefined;
}

/** The place of the next byte that is no white space of JSON. */
export function afterBlanks(file: Buffer, from: number): number {
  let at = from;
  while (BLANKS.has(file[at] as number)) at += 1;
  return at;
}

const byteOf = (mark: string): number => mark.charCodeAt(0);
const BLANKS = new Set([...' \t\n\r'].map(byteOf));
const [QUOTE, BACKSLASH, COLON] = ['"', '\\', ':'].map(byteOf) as [number, number, number];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = ['[', ']', '{', '}'].map(byteOf) as [
  number,
  number,
  number,
  number,
];

/**
 * The objects of a list from there to its end: how many, and where the last one ends. Undefined where the
 * file ends before it. Bytes of other characters than these marks are above them in UTF-8.
 */
export function itemsFrom(
  file: Buffer,
  from: number,
): { readonly count: number; readonly end: number } | undefined {
  let [depth, count, end] = [0, 0, from];
  for (let at = from; at < file.length; at += 1) {
    const byte = file[at];
    if (byte === QUOTE) at = endOfText(file, at);
    else if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (depth === 0) return byte === CLOSE_LIST ? { count, end } : undefined;
      depth -= 1;
      if (depth > 0) continue;
      count += 1;
      end = at + 1;
    }
  }
  return undefined;
}

/** The place of the quote that ends a text. */
function endOfText(file: Buffer, begin: number): number {
  let at = begin + 1;
  while (at < file.length && file[at] !== QUOTE) at += file[at] === BACKSLASH ? 2 : 1;
  return at;
}
