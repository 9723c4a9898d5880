/**
 * Metadata files of a table of which an earlier one was parsed here: the snapshots, and entries of the
 * snapshot log, that both list, byte by byte, are taken from that. Bytes -> TableMetadata. Where others
 * land, each session meets a new file of the source, with all snapshots of the last one and a few more; a
 * foreign catalog says the same in its answers.
 */
import { keepNewest } from '../model/keep-newest.ts';
import { type BytePieces, copyOf, lengthOf, standAt, withPiece } from './byte-pieces.ts';
import { afterBlanks, firstListBegin, itemsFrom, listBegin, listBytes, rememberLists } from './list-texts.ts';
import { parseTableMetadata } from './read-metadata.ts';
import type { TableMetadata } from './table-metadata.ts';

/** The log of metadata files is not among them: it loses its oldest entry with each one that it gets. */
const LISTS = ['snapshots', 'snapshot-log'] as const;
type ListName = (typeof LISTS)[number];

/** Items of a list, and a whole file that holds them, or the bytes of the items and their commas. */
type KnownList = { readonly name: ListName; readonly items: readonly object[] } & (
  | { readonly file: Buffer }
  | { readonly bytes: BytePieces }
);
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

/** A file that was parsed, and its bytes, most of which may be those that were kept of an earlier one. */
interface ParsedFile<T> {
  readonly parsed: T;
  readonly text: BytePieces;
}

/**
 * A parser that remembers what it was given before. It throws what `parse` throws, and keeps nothing of the
 * buffer that it is given. Files of 1,000 snapshots, one after the other, take 1.1 ms in place of 8 (0.6 MB,
 * of a source) and 3 in place of 20 (2 MB, of a target; AMD EPYC, much other work, 2026-12-01), and who
 * commits on top does not render those items anew: while the log was parsed as a whole, a session rendered
 * its 1,000 entries once more, 2 ms.
 */
export function rememberingParser<T extends WithMetadata>(
  parse: (text: string) => T,
  sizeMin = SIZE_MIN,
): (file: Buffer) => T {
  const parseFile = fileParser(parse, { sizeMin });
  return (file) => parseFile(file).parsed;
}

/** {@link rememberingParser} of metadata files, which are written again as they were read. */
export function tableMetadataParser(
  sizeMin = SIZE_MIN,
): (file: Buffer) => WithMetadata & { readonly text: BytePieces } {
  const parse = fileParser((text) => ({ metadata: parseTableMetadata(text) }), {
    sizeMin,
    onWhole: rememberLists,
  });
  return (file) => {
    const { parsed, text } = parse(file);
    return { ...parsed, text };
  };
}

interface FileParserOptions {
  /** Smaller files are parsed as a whole. */
  readonly sizeMin: number;
  /** Called with a copy of each file that was parsed as a whole, and is not small. */
  readonly onWhole?: (file: Buffer, metadata: TableMetadata) => void;
}

function fileParser<T extends WithMetadata>(
  parse: (text: string) => T,
  { sizeMin, onWhole }: FileParserOptions,
): (file: Buffer) => ParsedFile<T> {
  const tables = new Map<string, KnownTable>();
  const keep = (uuid: string, lists: readonly KnownList[], size: number): void =>
    keepNewest(tables, [uuid, { lists, size }], { max: BYTES_KEPT, weightOf: (table) => table.size });
  return (file) => {
    const uuid = file.length < sizeMin ? undefined : uuidOf(file);
    const known = uuid === undefined ? undefined : tables.get(uuid);
    const after = known && parseAfter(known, file, parse);
    if (uuid !== undefined && after !== undefined) {
      keep(uuid, listsAfter(after), file.length);
      return after;
    }
    const [parsed, copy] = [parse(file.toString()), copyOf(file)];
    if (uuid !== undefined) {
      onWhole?.(copy, parsed.metadata);
      keep(uuid, listsOf(copy, parsed.metadata), file.length);
    }
    return { parsed, text: [copy] };
  };
}

/** From the name of the field to the end of its text. Another table with the same one does no harm. */
function uuidOf(file: Buffer): string | undefined {
  const place = file.indexOf('"table-uuid"', 0, 'latin1');
  const value = place < 0 ? -1 : file.indexOf('"', place + '"table-uuid"'.length, 'latin1');
  const end = value < 0 ? -1 : file.indexOf('"', value + 1, 'latin1');
  return end < 0 ? undefined : file.toString('latin1', place, end);
}

/** The places of lists are found when there is another version: a command mostly reads only one. */
const listsOf = (file: Buffer, metadata: TableMetadata): KnownList[] =>
  LISTS.map((name) => ({ name, file, items: metadata[name] ?? [] }));

/** First the lists that have all items of the last file, in the order of this one; then others. */
function listsAfter({ parsed: { metadata }, text, parts }: ParsedAfter<WithMetadata>): KnownList[] {
  const found = parts.map(({ name, bytes }): KnownList => ({ name, bytes, items: metadata[name] ?? [] }));
  const others = LISTS.filter(
    (name) => (metadata[name] ?? []).length > 0 && !parts.some((part) => part.name === name),
  );
  if (others.length === 0) return found;
  const file = Buffer.concat(text);
  return [...found, ...others.map((name): KnownList => ({ name, file, items: metadata[name] ?? [] }))];
}

interface ParsedAfter<T> extends ParsedFile<T> {
  readonly parts: readonly KnownPart[];
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
  /** Of all items. */
  readonly bytes: BytePieces;
}

/** Undefined where the file begins neither list with these items. */
function parseAfter<T extends WithMetadata>(
  known: KnownTable,
  file: Buffer,
  parse: (text: string) => T,
): ParsedAfter<T> | undefined {
  const parts = knownParts(known, file);
  const cut = withoutParts(parts, file);
  if (cut === undefined) return undefined;
  try {
    const rest = parse(cut);
    const { metadata } = rest;
    if (parts.some(({ name, othersCount }) => metadata[name]?.length !== othersCount)) return undefined;
    const whole = parts.map(({ name, items }) => [name, [...items, ...(metadata[name] ?? [])]]);
    const parsed = { ...rest, metadata: { ...metadata, ...Object.fromEntries(whole) } };
    return { parsed, parts, text: textOf(parts, file) };
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

/** The whole file; what lies between the parts is copied. */
function textOf(parts: readonly KnownPart[], file: Buffer): BytePieces {
  const text: Buffer[] = [];
  let from = 0;
  for (const { begin, end, bytes } of parts) {
    text.push(copyOf(file.subarray(from, begin)), ...bytes);
    from = end;
  }
  return [...text, copyOf(file.subarray(from))];
}

/** Undefined where the list that begins there does not begin with these items. */
function knownPart(list: KnownList, file: Buffer, begin: number): KnownPart | undefined {
  const { name, items } = list;
  const known = 'bytes' in list ? list.bytes : piecesOf(listBytes(name, list.file, items.length));
  if (known === undefined || !standAt(known, file, begin)) return undefined;
  const knownEnd = begin + lengthOf(known);
  const mark = afterBlanks(file, knownEnd);
  const goesOn = file[mark] === COMMA;
  const othersBegin = goesOn ? mark + 1 : mark;
  const others = itemsFrom(file, othersBegin);
  // A comma that nothing follows is no JSON, and would be cut out.
  if (others === undefined || goesOn !== others.count > 0) return undefined;
  const end = others.count > 0 ? others.end : knownEnd;
  const bytes = withPiece(known, copyOf(file.subarray(knownEnd, end)));
  return { name, items, begin, othersBegin, othersCount: others.count, end, bytes };
}

const piecesOf = (bytes: Buffer | undefined): BytePieces | undefined => bytes && [bytes];
const COMMA = 44;
