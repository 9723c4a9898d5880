/**
 * Metadata files of a table of which an earlier one was parsed here: the snapshots that both list, letter by
 * letter, are taken from that. Text -> TableMetadata. Where others land, each session meets a new file of the
 * source, with all snapshots of the last one and a few more.
 */
import { keepNewest } from '../model/keep-newest.ts';
import { parseTableMetadata } from './read-metadata.ts';
import type { Snapshot, TableMetadata } from './table-metadata.ts';

/** Snapshots, and the text that lists them: a whole file, or its items with what stands between them. */
interface KnownSnapshots {
  readonly kind: 'file' | 'items';
  readonly text: string;
  readonly snapshots: readonly Snapshot[];
}

/** Characters. Below, parsing all of it takes half a millisecond. */
const TEXT_MIN = 64 * 1024;
/** As much as the catalog keeps of files (`metadata-cache.ts`), or one larger table. */
const CHARACTERS_KEPT = 16 * 1024 * 1024;

/**
 * A parser that remembers. It throws what {@link parseTableMetadata} throws. Files of 1,000 snapshots, one
 * after the other, take 1.1 ms in place of 8 (0.6 MB, of a source) and 3 in place of 20 (2 MB, of a target;
 * AMD EPYC, much other work, 2026-12-01), and who commits on top does not render those snapshots anew.
 */
export function tableMetadataParser(textMin = TEXT_MIN): (text: string) => TableMetadata {
  const tables = new Map<string, KnownSnapshots>();
  return (text) => {
    const [, uuid] = text.length < textMin ? [] : (UUID.exec(text) ?? []);
    if (uuid === undefined) return parseTableMetadata(text);
    const known = tables.get(uuid);
    const { metadata, ...parsed } = (known && parseAfter(known, text)) ?? parseWhole(text);
    keepNewest(tables, [uuid, { ...parsed, snapshots: metadata.snapshots ?? [] }], {
      max: CHARACTERS_KEPT,
      weightOf: (each) => each.text.length,
    });
    return metadata;
  };
}

type Parsed = Omit<KnownSnapshots, 'snapshots'> & { readonly metadata: TableMetadata };

/** Where its items are is looked for when there is another version: a command mostly reads one. */
const parseWhole = (text: string): Parsed => ({ kind: 'file', text, metadata: parseTableMetadata(text) });

/** Undefined where the text does not begin its list with these snapshots, or has two lists of that name. */
function parseAfter(known: KnownSnapshots, text: string): Parsed | undefined {
  const items = known.kind === 'items' ? known : itemsOf(known);
  const begin = listBegin(text);
  if (items === undefined || begin === undefined || !text.startsWith(items.text, begin)) return undefined;
  const knownEnd = begin + items.text.length;
  AFTER_ITEM.lastIndex = knownEnd;
  const after = AFTER_ITEM.exec(text)?.[0];
  if (after === undefined) return undefined;
  const restBegin = knownEnd + after.length;
  const others = itemsFrom(text, restBegin);
  // A comma that nothing follows is no JSON, and would be cut out.
  if (others === undefined || after.endsWith(',') !== others.count > 0) return undefined;
  try {
    const rest = parseTableMetadata(`${text.slice(0, begin)}${text.slice(restBegin)}`);
    if (rest.snapshots?.length !== others.count) return undefined;
    return {
      kind: 'items',
      text: text.slice(begin, others.count > 0 ? others.end : knownEnd),
      metadata: { ...rest, snapshots: [...items.snapshots, ...rest.snapshots] },
    };
  } catch {
    // What is wrong, and where, is to be said of the whole text.
    return undefined;
  }
}

function itemsOf({ text, snapshots }: KnownSnapshots): KnownSnapshots | undefined {
  const begin = listBegin(text);
  const items = begin === undefined ? undefined : itemsFrom(text, begin);
  return items === undefined || items.count === 0 || items.count !== snapshots.length
    ? undefined
    : { kind: 'items', text: text.slice(begin, items.end), snapshots };
}

// Within a text the quotes would be escaped: such words are those of a field.
const UUID = /"table-uuid"\s*:\s*"([^"\\]*)"/;
const NAME = '"snapshots"';
const LIST = /\s*:\s*\[/y;
const AFTER_ITEM = /\s*(?:,|(?=\]))/y;

/** The place after the bracket; undefined where it is not the only such text. */
function listBegin(text: string): number | undefined {
  const place = text.indexOf(NAME);
  if (place < 0 || text.indexOf(NAME, place + 1) >= 0) return undefined;
  LIST.lastIndex = place + NAME.length;
  return LIST.test(text) ? LIST.lastIndex : undefined;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;

/** The objects of a list from there to its end: how many, and where the last one ends. */
function itemsFrom(text: string, from: number): { readonly count: number; readonly end: number } | undefined {
  let [depth, count, end] = [0, 0, from];
  TOKENS.lastIndex = from;
  for (let token = TOKENS.exec(text); token !== null; token = TOKENS.exec(text)) {
    const [mark] = token;
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
