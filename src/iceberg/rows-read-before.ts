/**
 * Rows of a file that an earlier file has too, byte by byte: they are not walked over again. File + the file
 * before -> the rows that are left to walk. Pure. Where others land, each session meets a manifest list with
 * all rows of the last one and a few more.
 */
import { type BytePieces, copyOf, lengthOf, standAt, withPiece } from './byte-pieces.ts';

/** Rows as the blocks of a file have them, one after the other, and nothing else. */
export interface RowBytes {
  readonly data: Buffer;
  readonly count: number;
}
export interface FileRows extends RowBytes {
  /** The file's Avro schema: without it the bytes mean nothing. */
  readonly schema: string;
}

/** A file that was read, and which of its rows earlier files had. */
export interface ReadRows {
  readonly schema: string;
  readonly bytes: BytePieces;
  readonly count: number;
  /** What the last files had more than those before them, in the order of the file; at first all its rows. */
  readonly recent: readonly RowBytes[];
  /**
   * The keys of all other rows, in any order. Rounded to 53 bits: two keys may look alike, and then the rows
   * are walked over in vain.
   */
  readonly olderKeys: Float64Array;
}
/** The file of its kind that was read last; whoever reads the next one sets it anew. */
export interface LastRead {
  rows: ReadRows | undefined;
}

/**
 * Recent rows are walked over each time, and whoever asks for these alone spares the others: plans ask for
 * what several files added until a session has loaded it. A hundred take a tenth of a millisecond.
 */
const RECENT_MAX = 100;

/** A file after the last one, which may be the same; nothing of `file.data` itself is kept. */
export function rowsAfter(
  last: ReadRows | undefined,
  file: FileRows,
  keysIn: (rows: RowBytes) => Float64Array,
): ReadRows {
  const end = last === undefined ? undefined : endThatGrew(last, file);
  if (last === undefined || end === undefined) return firstRows(file);
  const [length, knownLength] = [file.data.length, lengthOf(last.bytes)];
  if (last.count === file.count && knownLength === length) return last;
  const data = copyOf(
    end === 'behind' ? file.data.subarray(knownLength) : file.data.subarray(0, length - knownLength),
  );
  const added = { data, count: file.count - last.count };
  return {
    schema: file.schema,
    bytes: withPiece(last.bytes, data, end),
    count: file.count,
    ...withRecent(last, { added, end, keysIn }),
  };
}

interface Addition {
  readonly added: RowBytes;
  /** Where it stands, beside the rows that were known. */
  readonly end: 'in front' | 'behind';
  readonly keysIn: (rows: RowBytes) => Float64Array;
}

function withRecent(
  { recent, olderKeys }: ReadRows,
  { added, end, keysIn }: Addition,
): Pick<ReadRows, 'recent' | 'olderKeys'> {
  const kept = end === 'behind' ? [...recent, added] : [added, ...recent];
  const older: Float64Array[] = [olderKeys];
  let count = kept.reduce((all, rows) => all + rows.count, 0);
  while (count > RECENT_MAX && kept.length > 1) {
    const oldest = (end === 'behind' ? kept.shift() : kept.pop()) as RowBytes;
    older.push(keysIn(oldest));
    count -= oldest.count;
  }
  return { recent: kept, olderKeys: older.length === 1 ? olderKeys : joined(older) };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function firstRows({ schema, data: read, count }: FileRows): ReadRows {
  const data = copyOf(read);
  return { schema, bytes: [data], count, recent: [{ data, count }], olderKeys: new Float64Array() };
}

/** Where new rows stand: writers put them behind those that were there, or in front. */
function endThatGrew(last: ReadRows, { schema, data, count }: FileRows): 'in front' | 'behind' | undefined {
  if (last.schema !== schema || last.count > count) return undefined;
  if (standAt(last.bytes, data, 0)) return 'behind';
  const place = data.length - lengthOf(last.bytes);
  return place >= 0 && standAt(last.bytes, data, place) ? 'in front' : undefined;
}

/** The rows among which those with one of these keys are. `rows`: of this file. */
export function rowsToWalk(rows: ReadRows, file: FileRows, keys: ReadonlySet<bigint>): readonly RowBytes[] {
  const rounded = new Set([...keys].map(Number));
  const isAmongOlder = rows.olderKeys.some((key) => rounded.has(key));
  return isAmongOlder ? [{ data: copyOf(file.data), count: file.count }] : rows.recent;
}
