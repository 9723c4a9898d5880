/**
 * The long lists of metadata files as the files have them. Bytes -> places; items -> bytes. A commit adds to
 * these lists and leaves the rest alone, so the rest is written as it was read: to render 1,000 snapshots of
 * each table anew was a fifth of the CPU of a cold `run` (100 of 500 ms, AMD EPYC, 2026-12-01).
 */
import type { TableMetadata } from './table-metadata.ts';

const LONG_LISTS = ['snapshots', 'snapshot-log', 'metadata-log'] as const;
export type LongList = (typeof LONG_LISTS)[number];

/** A list of a file that was parsed: its bytes, or the file while nobody has asked for them. */
type ParsedList = { readonly items: readonly object[] } & (
  | { readonly bytes: Buffer }
  | { readonly name: LongList; readonly file: Buffer }
);

/** By their first item. */
const parsed = new WeakMap<object, ParsedList>();

/** Remembers where the lists of a file are. `metadata`: what the file was parsed as. */
export function rememberLists(file: Buffer, metadata: TableMetadata): void {
  for (const name of LONG_LISTS) {
    const items = metadata[name] ?? [];
    const [first] = items;
    if (first !== undefined) parsed.set(first, { items, name, file });
  }
}

/**
 * If a list begins with all items of one that was parsed: how many these are, and their bytes in the file.
 * Undefined if it does not, or if the file's list is not found.
 */
export function bytesAsParsed(
  items: readonly object[],
): { readonly count: number; readonly bytes: Buffer } | undefined {
  const [first] = items;
  const list = first === undefined ? undefined : parsed.get(first);
  if (first === undefined || list?.items.every((item, place) => item === items[place]) !== true)
    return undefined;
  const count = list.items.length;
  const bytes = 'bytes' in list ? list.bytes : listBytes(list.name, list.file, count);
  if (bytes === undefined) parsed.delete(first);
  else parsed.set(first, { items: list.items, bytes });
  return bytes && { count, bytes };
}

/** The bytes of a list's items and their commas; undefined where no list of so many objects is found. */
export function listBytes(name: LongList, file: Buffer, count: number): Buffer | undefined {
  const begin = listBegin(name, file);
  if (begin === undefined || count === 0) return undefined;
  const found = isLastField(file, begin)
    ? { count, end: endBeforeBlanks(file, file.lastIndexOf(CLOSE_LIST)) }
    : itemsFrom(file, begin);
  return found?.count === count ? file.subarray(begin, found.end) : undefined;
}

/**
 * Whether a list that begins there is the last field of the file, as the snapshots are in our files: then the
 * file's last bracket ends it, and need not be searched for, which takes 10 ms in 3 MB. Any other list has a
 * bracket, a comma and a name behind it.
 */
function isLastField(file: Buffer, begin: number): boolean {
  const endsWithList = file.toString('latin1', file.lastIndexOf(CLOSE_LIST) + 1).trim() === '}';
  return endsWithList && !/\]\s*,\s*"/.test(file.toString('latin1', begin));
}

/** The place after the bracket of a list; undefined where the file has its name twice, or not at all. */
export function listBegin(name: LongList, file: Buffer): number | undefined {
  const begin = firstListBegin(name, file);
  return begin === undefined || file.indexOf(quotedName(name), begin, 'latin1') >= 0 ? undefined : begin;
}

/** Within a text the quotes would be escaped: these words are those of a field. */
const quotedName = (name: LongList): string => `"${name}"`;

/** The place after the bracket of the first list of that name behind a place. */
export function firstListBegin(name: LongList, file: Buffer, from = 0): number | undefined {
  const quoted = quotedName(name);
  const place = file.indexOf(quoted, from, 'latin1');
  if (place < 0) return undefined;
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

/** The end of what stands before white space. */
function endBeforeBlanks(file: Buffer, from: number): number {
  let end = from;
  while (BLANKS.has(file[end - 1] as number)) end -= 1;
  return end;
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
