/**
 * Metadata files of a table of which an earlier one was parsed here: the snapshots, and entries of the
 * snapshot log, that both list, byte by byte, are taken from that. Bytes -> TableMetadata. Where others
 * land, each session meets a new file of the source, with all snapshots of the last one and a few more; a
 * foreign catalog says the same in its answers.
 */
import { keepNewest } from '../model/keep-newest.ts';
import { afterBlanks, firstListBegin, itemsFrom, listBegin, listBytes, rememberLists } from './list-texts.ts';
import { parseTableMetadata } from './read-metadata.ts';
import type { TableMetadata } from './table-metadata.ts';

/** The log of metadata files is not among them: it loses its oldest entry with each one that it gets. */
const LISTS = ['snapshots', 'snapshot-log'] as const;
type ListName = (typeof LISTS)[number];

/** Items of a list, and bytes that hold them: a whole file, or just the items and their commas. */
interface KnownList {
  readonly name: ListName;
  readonly kind: 'file' | 'items';
  readonly bytes: Buffer;
  readonly items: readonly object[];
}
interface KnownTable {
  /** In the order of the last file, as far as it is known. */
  readonly lists: readonly KnownList[];
  readonly size: number;
}

/** Bytes. Below, parsing all of it takes half a millisecond. */
const SIZE_MIN = 64 * 1024;
/** As much as the catalog keeps of files (`metadata-cache.ts`), or one larger table. */
const BYTES_KEPT = 16 * 1024 * 1024;

/** What is parsed: the metadata alone, or with what a catalog says of the table beside it. */
interface WithMetadata {
  readonly metadata: TableMetadata;
}

interface RememberingOptions {
  /** Smaller files are parsed as a whole. */
  readonly sizeMin?: number;
  /** Called with each file that was parsed as a whole, and is not small. */
  readonly onWhole?: (file: Buffer, metadata: TableMetadata) => void;
}

/**
 * A parser that remembers what it was given before. It throws what `parse` throws. Files of 1,000 snapshots,
 * one after the other, take 1.1 ms in place of 8 (0.6 MB, of a source) and 3 in place of 20 (2 MB, of a
 * target; AMD EPYC, much other work, 2026-12-01), and who commits on top does not render those items anew:
 * while the log was parsed as a whole, a session rendered its 1,000 entries once more, 2 ms.
 */
export function rememberingParser<T extends WithMetadata>(
  parse: (text: string) => T,
  { sizeMin = SIZE_MIN, onWhole }: RememberingOptions = {},
): (file: Buffer) => T {
  const tables = new Map<string, KnownTable>();
  return (file) => {
    const uuid = file.length < sizeMin ? undefined : uuidOf(file);
    if (uuid === undefined) return parse(file.toString());
    const known = tables.get(uuid);
    const after = known && parseAfter(known, file, parse);
    const { parsed, parts } = after ?? { parsed: parse(file.toString()), parts: [] };
    if (after === undefined) onWhole?.(file, parsed.metadata);
    keepNewest(tables, [uuid, knownTable(file, parsed.metadata, parts)], {
      max: BYTES_KEPT,
      weightOf: ({ size }) => size,
    });
    return parsed;
  };
}

/** {@link rememberingParser} of metadata files, which are written again as they were read. */
export function tableMetadataParser(sizeMin = SIZE_MIN): (file: Buffer) => TableMetadata {
  const parse = rememberingParser((text) => ({ metadata: parseTableMetadata(text) }), {
    sizeMin,
    onWhole: rememberLists,
  });
  return (file) => parse(file).metadata;
}

/** From the name of the field to the end of its text. Another table with the same one does no harm. */
function uuidOf(file: Buffer): string | undefined {
  const place = file.indexOf('"table-uuid"', 0, 'latin1');
  const value = place < 0 ? -1 : file.indexOf('"', place + '"table-uuid"'.length, 'latin1');
  const end = value < 0 ? -1 : file.indexOf('"', value + 1, 'latin1');
  return end < 0 ? undefined : file.toString('latin1', place, end);
}

interface Parsed<T> {
  readonly parsed: T;
  readonly parts: readonly KnownPart[];
}

/** The places of other lists are found when there is another version: a command mostly reads only one. */
function knownTable(file: Buffer, metadata: TableMetadata, parts: readonly KnownPart[]): KnownTable {
  const found = parts.map(({ name, begin, end }): KnownList => {
    return { name, kind: 'items', bytes: file.subarray(begin, end), items: metadata[name] ?? [] };
  });
  const others = LISTS.filter((name) => !parts.some((part) => part.name === name)).map(
    (name): KnownList => ({ name, kind: 'file', bytes: file, items: metadata[name] ?? [] }),
  );
  // The file counts as a whole also where a part of it is kept: the rest stays in memory with it.
  return { lists: [...found, ...others], size: file.length };
}

/** What both files say of a list, and how many items the later one has beyond that. */
interface KnownPart {
  readonly name: ListName;
  readonly items: readonly object[];
  /** Places in the file: of its first item, and of the first that is not known, or of the end of the list. */
  readonly begin: number;
  readonly othersBegin: number;
  readonly othersCount: number;
  /** The end of the last item. */
  readonly end: number;
}

/** Undefined where the file begins neither list with these items. */
function parseAfter<T extends WithMetadata>(
  known: KnownTable,
  file: Buffer,
  parse: (text: string) => T,
): Parsed<T> | undefined {
  const parts = knownParts(known, file);
  const cut = withoutParts(parts, file);
  if (cut === undefined) return undefined;
  try {
    const rest = parse(cut);
    const { metadata } = rest;
    if (parts.some(({ name, othersCount }) => metadata[name]?.length !== othersCount)) return undefined;
    const whole = parts.map(({ name, items }) => [name, [...items, ...(metadata[name] ?? [])]]);
    return { parsed: { ...rest, metadata: { ...metadata, ...Object.fromEntries(whole) } }, parts };
  } catch {
    // What is wrong, and where, is to be said of the whole text.
    return undefined;
  }
}

/**
 * In the order of the file. A list is looked for behind the one before it, so that what is known is not
 * searched: of 1,000 snapshots that took 1 ms (AMD EPYC, 2026-12-01).
 */
function knownParts({ lists }: KnownTable, file: Buffer): readonly KnownPart[] {
  const parts: KnownPart[] = [];
  for (const list of lists) {
    const behind = parts.at(-1)?.end ?? 0;
    const begin = firstListBegin(list.name, file, behind) ?? firstListBegin(list.name, file);
    const part = begin === undefined ? undefined : knownPart(list, file, begin);
    if (part !== undefined) parts.push(part);
  }
  return parts.sort((left, right) => left.begin - right.begin);
}

/**
 * Undefined where there is nothing to cut out, one list stands within the other, or the rest has a name
 * twice: which of these fields counts is a matter of the whole text. What is known has neither name.
 */
function withoutParts(parts: readonly KnownPart[], file: Buffer): string | undefined {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { begin, othersBegin } of parts) {
    if (begin < from) return undefined;
    pieces.push(file.subarray(from, begin));
    from = othersBegin;
  }
  if (from === 0) return undefined;
  const rest = Buffer.concat([...pieces, file.subarray(from)]);
  return parts.every(({ name }) => listBegin(name, rest) !== undefined) ? rest.toString() : undefined;
}

/** Undefined where the list that begins there does not begin with these items. */
function knownPart(
  { name, kind, bytes, items }: KnownList,
  file: Buffer,
  begin: number,
): KnownPart | undefined {
  const known = kind === 'items' ? bytes : listBytes(name, bytes, items.length);
  if (known === undefined) return undefined;
  const knownEnd = begin + known.length;
  if (!known.equals(file.subarray(begin, knownEnd))) return undefined;
  const mark = afterBlanks(file, knownEnd);
  const goesOn = file[mark] === COMMA;
  const othersBegin = goesOn ? mark + 1 : mark;
  const others = itemsFrom(file, othersBegin);
  // A comma that nothing follows is no JSON, and would be cut out.
  if (others === undefined || goesOn !== others.count > 0) return undefined;
  const end = others.count > 0 ? others.end : knownEnd;
  return { name, items, begin, othersBegin, othersCount: others.count, end };
}
const COMMA = 44;
