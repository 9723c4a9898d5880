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

/** A file that was read, and which of its rows the file before it had. */
export interface ReadRows {
  readonly schema: string;
  readonly bytes: BytePieces;
  readonly count: number;
  /** The rows that the file before lacked; all if there is none before it. */
  readonly added: RowBytes;
  /**
   * The keys of all other rows, in any order. Rounded to 53 bits: two keys may look alike, and then the rows
   * are walked over in vain.
   */
  readonly keysBefore: Float64Array;
}
/** The file of its kind that was read last; whoever reads the next one sets it anew. */
export interface LastRead {
  rows: ReadRows | undefined;
}

/** A file after the last one, which may be the same; nothing of `file.data` itself is kept. */
export function rowsAfter(
  last: ReadRows | undefined,
  file: FileRows,
  keysIn: (rows: RowBytes) => Float64Array,
): ReadRows {
  const place = last === undefined ? undefined : placeOf(last, file);
  if (last === undefined || place === undefined) return firstRows(file);
  const [length, knownLength] = [file.data.length, lengthOf(last.bytes)];
  if (last.count === file.count && knownLength === length) return last;
  const data = copyOf(
    place === 'in front' ? file.data.subarray(knownLength) : file.data.subarray(0, length - knownLength),
  );
  const newest = keysIn(last.added);
  const keysBefore = new Float64Array(last.keysBefore.length + newest.length);
  keysBefore.set(last.keysBefore);
  keysBefore.set(newest, last.keysBefore.length);
  return {
    schema: file.schema,
    bytes: withPiece(last.bytes, data, place === 'in front' ? 'behind' : 'in front'),
    count: file.count,
    added: { data, count: file.count - last.count },
    keysBefore,
  };
}

function firstRows({ schema, data: read, count }: FileRows): ReadRows {
  const data = copyOf(read);
  return { schema, bytes: [data], count, added: { data, count }, keysBefore: new Float64Array() };
}

/** Where the rows of the last file stand: writers put new ones behind them, or in front. */
function placeOf(last: ReadRows, { schema, data, count }: FileRows): 'in front' | 'behind' | undefined {
  if (last.schema !== schema || last.count > count) return undefined;
  if (standAt(last.bytes, data, 0)) return 'in front';
  const place = data.length - lengthOf(last.bytes);
  return place >= 0 && standAt(last.bytes, data, place) ? 'behind' : undefined;
}

/** The rows among which those with one of these keys are. `rows`: of this file. */
export function rowsToWalk(rows: ReadRows, file: FileRows, keys: ReadonlySet<bigint>): RowBytes {
  const rounded = new Set([...keys].map(Number));
  const isAmongOlder = rows.keysBefore.some((key) => rounded.has(key));
  return isAmongOlder ? { data: copyOf(file.data), count: file.count } : rows.added;
}
