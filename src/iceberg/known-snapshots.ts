/**
 * Metadata files of a table of which an earlier one was parsed here: the snapshots, and entries of the
 * snapshot log, that both list, letter by letter, are taken from that. Text -> TableMetadata. Where others
 * land, each session meets a new file of the source, with all snapshots of the last one and a few more; a
 * foreign catalog says the same in its answers.
 */
import { keepNewest } from '../model/keep-newest.ts';
import { itemsFrom, listBegin, rememberLists } from './list-texts.ts';
import { parseTableMetadata } from './read-metadata.ts';
import type { TableMetadata } from './table-metadata.ts';

/** The log of metadata files is not among them: it loses its oldest entry with each one that it gets. */
const LISTS = ['snapshots', 'snapshot-log'] as const;
type ListName = (typeof LISTS)[number];

/** Items of a list, and a text that holds them: a whole file, or just the items and their commas. */
interface KnownList {
  readonly kind: 'file' | 'items';
  readonly text: string;
  readonly items: readonly object[];
}
interface KnownTable extends Readonly<Record<ListName, KnownList>> {
  readonly characters: number;
}

/** Characters. Below, parsing all of it takes half a millisecond. */
const TEXT_MIN = 64 * 1024;
/** As much as the catalog keeps of files (`metadata-cache.ts`), or one larger table. */
const CHARACTERS_KEPT = 16 * 1024 * 1024;

/** What is parsed: the metadata alone, or with what a catalog says of the table beside it. */
interface WithMetadata {
  readonly metadata: TableMetadata;
}

interface RememberingOptions {
  /** Shorter texts are parsed as a whole. */
  readonly textMin?: number;
  /** Called with each text that was parsed as a whole, and is not short. */
  readonly onWhole?: (text: string, metadata: TableMetadata) => void;
}

/**
 * A parser that remembers what it was given before. It throws what `parse` throws. Files of 1,000 snapshots,
 * one after the other, take 1.1 ms in place of 8 (0.6 MB, of a source) and 3 in place of 20 (2 MB, of a
 * target; AMD EPYC, much other work, 2026-12-01), and who commits on top does not render those items anew:
 * while the log was parsed as a whole, a session rendered its 1,000 entries once more, 2 ms.
 */
export function rememberingParser<T extends WithMetadata>(
  parse: (text: string) => T,
  { textMin = TEXT_MIN, onWhole }: RememberingOptions = {},
): (text: string) => T {
  const tables = new Map<string, KnownTable>();
  return (text) => {
    const [, uuid] = text.length < textMin ? [] : (UUID.exec(text) ?? []);
    if (uuid === undefined) return parse(text);
    const known = tables.get(uuid);
    const after = known && parseAfter(known, text, parse);
    const { parsed, parts } = after ?? { parsed: parse(text), parts: [] };
    if (after === undefined) onWhole?.(text, parsed.metadata);
    keepNewest(tables, [uuid, knownTable(text, parsed.metadata, parts)], {
      max: CHARACTERS_KEPT,
      weightOf: ({ characters }) => characters,
    });
    return parsed;
  };
}

/** {@link rememberingParser} of metadata files, which are written again as they were read. */
export function tableMetadataParser(textMin = TEXT_MIN): (text: string) => TableMetadata {
  const parse = rememberingParser((text) => ({ metadata: parseTableMetadata(text) }), {
    textMin,
    onWhole: rememberLists,
  });
  return (text) => parse(text).metadata;
}

interface Parsed<T> {
  readonly parsed: T;
  readonly parts: readonly KnownPart[];
}

/** The places of other lists are found when there is another version: a command mostly reads only one. */
function knownTable(text: string, metadata: TableMetadata, parts: readonly KnownPart[]): KnownTable {
  const listOf = (name: ListName): KnownList => {
    const part = parts.find((each) => each.name === name);
    const items = metadata[name] ?? [];
    return part === undefined
      ? { kind: 'file', text, items }
      : { kind: 'items', text: text.slice(part.begin, part.end), items };
  };
  // The text counts as a whole also where a part of it is kept: V8 keeps the rest for that.
  return {
    snapshots: listOf('snapshots'),
    'snapshot-log': listOf('snapshot-log'),
    characters: text.length,
  };
}

/** What both files say of a list, and how many items the later one has beyond that. */
interface KnownPart {
  readonly name: ListName;
  readonly items: readonly object[];
  /** Places in the text: of its first item, and of the first that is not known, or of the end of the list. */
  readonly begin: number;
  readonly othersBegin: number;
  readonly othersCount: number;
  /** The end of the last item. */
  readonly end: number;
}

/** Undefined where the text begins neither list with these items. */
function parseAfter<T extends WithMetadata>(
  known: KnownTable,
  text: string,
  parse: (text: string) => T,
): Parsed<T> | undefined {
  const parts = LISTS.flatMap((name) => knownPart(name, known[name], text) ?? []).sort(
    (left, right) => left.begin - right.begin,
  );
  const cut = withoutParts(parts, text);
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

/** Undefined where there is nothing to cut out, or one list stands within the other. */
function withoutParts(parts: readonly KnownPart[], text: string): string | undefined {
  let [rest, from] = ['', 0];
  for (const { begin, othersBegin } of parts) {
    if (begin < from) return undefined;
    rest += text.slice(from, begin);
    from = othersBegin;
  }
  return from === 0 ? undefined : rest + text.slice(from);
}

/** Undefined where the text does not begin its list with these items, or has two lists of that name. */
function knownPart(name: ListName, list: KnownList, text: string): KnownPart | undefined {
  const known = list.kind === 'items' ? list : itemsOf(name, list);
  const begin = listBegin(name, text);
  if (known === undefined || begin === undefined || !text.startsWith(known.text, begin)) return undefined;
  const knownEnd = begin + known.text.length;
  AFTER_ITEM.lastIndex = knownEnd;
  const after = AFTER_ITEM.exec(text)?.[0];
  if (after === undefined) return undefined;
  const othersBegin = knownEnd + after.length;
  const others = itemsFrom(text, othersBegin);
  // A comma that nothing follows is no JSON, and would be cut out.
  if (others === undefined || after.endsWith(',') !== others.count > 0) return undefined;
  const end = others.count > 0 ? others.end : knownEnd;
  return { name, items: known.items, begin, othersBegin, othersCount: others.count, end };
}

function itemsOf(name: ListName, { text, items }: KnownList): KnownList | undefined {
  const begin = listBegin(name, text);
  const found = begin === undefined ? undefined : itemsFrom(text, begin);
  return found === undefined || found.count === 0 || found.count !== items.length
    ? undefined
    : { kind: 'items', text: text.slice(begin, found.end), items };
}

// Within a text the quotes would be escaped: such words are those of a field.
const UUID = /"table-uuid"\s*:\s*"([^"\\]*)"/;
const AFTER_ITEM = /\s*(?:,|(?=\]))/y;
