/**
 * Rows of a file that an earlier file has too, byte by byte: they are not walked over again. Rows + the file
 * before -> what is left to walk. Pure. Where others land, each session meets a manifest list with all rows
 * of the last one and a few more.
 */

/** The rows of a file as its blocks have them, one after the other. */
export interface FileRows {
  /** Of the file's Avro schema: without it the bytes mean nothing. */
  readonly schema: string;
  readonly data: Buffer;
  readonly count: number;
}

/** A file that was read, and which of its rows the file before it had. */
export interface ReadRows extends FileRows {
  readonly before: RowsBefore | undefined;
}
/** The file of its kind that was read last; whoever reads the next one sets it anew. */
export interface LastRead {
  rows: ReadRows | undefined;
}
interface RowsBefore extends RowRange {
  /**
   * The keys of these rows, in any order. Rounded to 53 bits: two keys may look alike, and then the rows are
   * walked over in vain.
   */
  readonly keys: Float64Array;
}

/** Rows that follow each other. Places in the data: `begin` inclusive, `end` exclusive. */
export interface RowRange {
  readonly begin: number;
  readonly end: number;
  readonly count: number;
}

const allOf = ({ data, count }: FileRows): RowRange => ({ begin: 0, end: data.length, count });

/** A file after the last one, which may be the same. `keysIn`: reads the keys of these rows. */
export function rowsAfter(
  last: ReadRows | undefined,
  rows: FileRows,
  keysIn: (rows: FileRows, range: RowRange) => Float64Array,
): ReadRows {
  if (last === undefined || last.schema !== rows.schema || last.count > rows.count)
    return { ...rows, before: undefined };
  const begin = placeOf(last.data, rows.data);
  if (begin === undefined) return { ...rows, before: undefined };
  if (last.count === rows.count && last.data.length === rows.data.length) return last;
  const older = last.before?.keys ?? new Float64Array();
  const added = keysIn(last, rangeToWalk(last, undefined));
  const keys = new Float64Array(older.length + added.length);
  keys.set(older);
  keys.set(added, older.length);
  return { ...rows, before: { begin, end: begin + last.data.length, count: last.count, keys } };
}

/** Writers put new rows behind those that were there, or in front of them. */
function placeOf(known: Buffer, data: Buffer): number | undefined {
  const places = [0, data.length - known.length];
  return places.find((place) => place >= 0 && known.equals(data.subarray(place, place + known.length)));
}

/** The rows among which those with one of these keys are; without keys, those that the last file lacked. */
export function rangeToWalk(rows: ReadRows, keys: ReadonlySet<bigint> | undefined): RowRange {
  const { before } = rows;
  if (before === undefined || (keys !== undefined && hasOneOf(before.keys, keys))) return allOf(rows);
  const count = rows.count - before.count;
  return before.begin === 0
    ? { begin: before.end, end: rows.data.length, count }
    : { begin: 0, end: before.begin, count };
}

function hasOneOf(keys: Float64Array, wanted: ReadonlySet<bigint>): boolean {
  const rounded = new Set([...wanted].map(Number));
  return keys.some((key) => rounded.has(key));
}
