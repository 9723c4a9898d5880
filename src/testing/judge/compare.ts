/** Compares rows with rows, in any order and counting repetitions. Tables -> Difference. Pure. */
import type { ChangedRow, RowObject } from '../../model/test-record.ts';
import type { TestColumn } from '../../statements/index.ts';

export type WholeRow = readonly unknown[];
/** A row that only names some columns. */
export type PartialRow = ReadonlyMap<string, unknown>;
export interface Difference {
  readonly columns: readonly string[];
  /** Rows that are expected but not found, and found but not expected; including those of `changed`. */
  readonly missing: readonly RowObject[];
  readonly extra: readonly RowObject[];
  /** Pairs of a missing and an extra row that seem to be the same row. */
  readonly changed: readonly ChangedRow[];
}

/** With more rows than this on a side, pairs are not looked for: their number grows with its square. */
const PAIRED_MAX = 300;

/** Compares whole rows; undefined if both sides are the same. `columns`: those of both, in order. */
export function compareRows(
  columns: readonly TestColumn[],
  expected: readonly WholeRow[],
  found: readonly WholeRow[],
): Difference | undefined {
  const left = new Map<string, WholeRow[]>();
  for (const row of expected) {
    const key = keyOf(row, columns);
    left.set(key, [...(left.get(key) ?? []), row]);
  }
  const extra: WholeRow[] = [];
  for (const row of found) {
    const same = left.get(keyOf(row, columns));
    if (same === undefined || same.length === 0) extra.push(row);
    else same.pop();
  }
  const missing = [...left.values()].flat();
  if (missing.length === 0 && extra.length === 0) return undefined;
  const names = columns.map(({ name }) => name);
  const named = (row: WholeRow): PartialRow => new Map(names.map((name, index) => [name, row[index]]));
  return differenceOf(columns, missing.map(named), extra.map(named));
}

/** Matches rows that name some columns with whole ones; undefined if each has its partner. */
export function matchRows(
  columns: readonly TestColumn[],
  expected: readonly PartialRow[],
  found: readonly WholeRow[],
): Difference | undefined {
  const types = typesOf(columns);
  const rows = found.map((row): PartialRow => new Map(columns.map(({ name }, index) => [name, row[index]])));
  const fits = (one: PartialRow, other: PartialRow): boolean =>
    [...one].every(
      ([name, cell]) => cellText(cell, types.get(name)) === cellText(other.get(name), types.get(name)),
    );
  const partners = pairUp(
    expected.length,
    rows.map((row) => expected.flatMap((each, index) => (fits(each, row) ? [index] : []))),
  );
  const taken = new Set(partners.filter((each) => each !== undefined));
  const missing = expected.filter((_row, index) => !taken.has(index));
  const extra = rows.filter((_row, index) => partners[index] === undefined);
  if (missing.length === 0 && extra.length === 0) return undefined;
  const named = new Set(expected.flatMap((row) => [...row.keys()]));
  // In rows that are not expected, columns that no expectation names would only take room.
  const shown = named.size === 0 ? columns : columns.filter(({ name }) => named.has(name));
  const short = (row: PartialRow): PartialRow =>
    new Map([...row].filter(([name]) => shown.some((each) => each.name === name)));
  return differenceOf(shown, missing, extra.map(short));
}

/**
 * Finds the most pairs (Kuhn's algorithm). Returns the index of the expected row for each found row.
 * @param candidates for each found row, the expected rows that it fits.
 */
function pairUp(count: number, candidates: readonly (readonly number[])[]): (number | undefined)[] {
  const owner = new Array<number | undefined>(count).fill(undefined);
  const seek = (row: number, seen: Set<number>): boolean => {
    for (const each of candidates[row] ?? []) {
      if (seen.has(each)) continue;
      seen.add(each);
      const before = owner[each];
      if (before === undefined || seek(before, seen)) {
        owner[each] = row;
        return true;
      }
    }
    return false;
  };
  for (const row of candidates.keys()) seek(row, new Set());
  const partners = new Array<number | undefined>(candidates.length).fill(undefined);
  for (const [each, row] of owner.entries()) if (row !== undefined) partners[row] = each;
  return partners;
}

function differenceOf(
  columns: readonly TestColumn[],
  missing: readonly PartialRow[],
  extra: readonly PartialRow[],
): Difference {
  const [lost, found] = [missing.map(toObject), extra.map(toObject)];
  const paired =
    missing.length > PAIRED_MAX || extra.length > PAIRED_MAX ? [] : pairs(columns, missing, extra);
  return {
    columns: columns.map(({ name }) => name),
    missing: lost,
    extra: found,
    changed: paired.map(({ index, place, differing }) => ({
      expected: lost[index] as RowObject,
      found: found[place] as RowObject,
      columns: differing,
    })),
  };
}

interface Pair {
  /** Index of the missing row, and of the extra row. */
  readonly index: number;
  readonly place: number;
  /** The columns in which they differ. */
  readonly differing: readonly string[];
}

/**
 * Pairs rows, the likeliest ones first; two rows count as the same if at least half of the named cells
 * agree.
 */
function pairs(
  columns: readonly TestColumn[],
  missing: readonly PartialRow[],
  extra: readonly PartialRow[],
): Pair[] {
  const types = typesOf(columns);
  const scored = missing.flatMap((one, index) =>
    extra.flatMap((other, place): Pair[] => {
      const differing = [...one.keys()].filter(
        (name) => cellText(one.get(name), types.get(name)) !== cellText(other.get(name), types.get(name)),
      );
      return differing.length * 2 <= one.size ? [{ index, place, differing }] : [];
    }),
  );
  const [usedMissing, usedExtra] = [new Set<number>(), new Set<number>()];
  return scored
    .sort((left, right) => left.differing.length - right.differing.length)
    .filter(({ index, place }) => {
      if (usedMissing.has(index) || usedExtra.has(place)) return false;
      usedMissing.add(index);
      usedExtra.add(place);
      return true;
    });
}

const toObject = (row: PartialRow): RowObject => Object.fromEntries(row);

const typesOf = (columns: readonly TestColumn[]): ReadonlyMap<string, string> =>
  new Map(columns.map(({ name, type }) => [name, type]));

const keyOf = (row: WholeRow, columns: readonly TestColumn[]): string =>
  row.map((cell, index) => cellText(cell, columns[index]?.type)).join('\u0001');

/**
 * Writes a cell as a text that is the same for equal cells. The last digits of floating-point sums depend on
 * the order of the rows, which is undefined: so those digits are not compared.
 */
function cellText(cell: unknown, type: string | undefined): string {
  if (cell === null || cell === undefined) return 'NULL';
  if (typeof cell === 'number') return String(inDigits(cell, type === 'FLOAT' ? 6 : 12));
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell !== 'object') return `${typeof cell} ${String(cell)}`;
  return JSON.stringify(cell, (_key, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    return typeof each === 'number' ? inDigits(each, 12) : each;
  });
}

/** A number to so many digits; zero for minus zero. Infinity and NaN as they are. */
const inDigits = (value: number, digits: number): number => Number(value.toPrecision(digits)) + 0;
