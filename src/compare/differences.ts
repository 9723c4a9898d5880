/**
 * Compares two relations as multisets, hour by hour. Relations -> the rows that only one of them has. First
 * the rows of every hour are counted and their hashes added up; only hours in which these differ are
 * compared row by row. What does not fit into memory goes to DuckDB's temporary files.
 */
import type { Hour } from '../model/hour.ts';
import {
  hashedRowFragment,
  identifierListFragment,
  type KeptHours,
  keptHoursFragment,
  moreColumnsFragment,
  NEAR_PART,
  nearFragment,
  orderedByFragment,
  type SqlFragment,
  statement,
  statementFragment,
  type TestColumn,
} from '../statements/index.ts';
import type { RowsInMemory } from './rows-in-memory.ts';

export interface Sides {
  readonly expected: SqlFragment;
  readonly found: SqlFragment;
  /** The columns that are compared; both sides have them, with these types. */
  readonly columns: readonly TestColumn[];
  /** The hour of a row, counted since 1970; undefined: rows have none. */
  readonly hour: SqlFragment | undefined;
  /** Which of the rows are compared. */
  readonly kept: KeptHours;
  /** True: floating-point numbers that differ only in their last digit differ as well. */
  readonly isExact?: boolean;
  /** Prefix of the names of its tables in memory. */
  readonly name: string;
}

/** An hour; undefined for rows without an event time. */
export interface ComparedHour {
  readonly hour: Hour | undefined;
  readonly rowsExpected: bigint;
  readonly rowsFound: bigint;
  /** Rows that are expected but not found, and rows that are found but not expected. */
  readonly missing: bigint;
  readonly extra: bigint;
}

export interface Differences {
  readonly hours: readonly ComparedHour[];
  /** A table in memory with psyberg_hour, the columns, and psyberg_surplus; undefined: nothing differs. */
  readonly rows: SqlFragment | undefined;
}

export async function compareSides(memory: RowsInMemory, sides: Sides): Promise<Differences> {
  const { engine } = memory;
  const columns = identifierListFragment(sides.columns.map(({ name }) => name));
  const hour = sides.hour ?? statementFragment('null::bigint');
  const keep = keptHoursFragment(sides.hour, sides.kept);
  const { expected, found } = sides;
  const rows = await engine.query(
    statement('compare/hours', { hour, columns, keep, expected, found, row: hashedRow(sides.columns) }),
  );
  const suspects = rows.filter(({ same }) => !same);
  const counts = new Map<Hour | undefined, { missing: bigint; extra: bigint }>();
  let differing: SqlFragment | undefined;
  if (suspects.length > 0) {
    differing = await differingRows(memory, sides, {
      ...{ columns, hour, keep },
      hours: suspects.flatMap((each) => (each.hour === null ? [] : [each.hour])),
      withNone: suspects.some((each) => each.hour === null),
    });
    for (const each of await engine.query(statement('compare/differences', { differing })))
      counts.set(hourOf(each.hour), each);
  }
  return {
    hours: rows.map((each) => ({
      hour: hourOf(each.hour),
      rowsExpected: each.rows_expected,
      rowsFound: each.rows_found,
      missing: counts.get(hourOf(each.hour))?.missing ?? 0n,
      extra: counts.get(hourOf(each.hour))?.extra ?? 0n,
    })),
    rows: counts.size === 0 ? undefined : differing,
  };
}

const hourOf = (hour: bigint | null): Hour | undefined => (hour === null ? undefined : Number(hour));

/** Types for which DuckDB's hash() does not tell all values apart. */
const isByText = ({ type }: TestColumn): boolean =>
  type in NEAR_PART || isNestedType(type) || type === 'VARIANT';

export const isNestedType = (type: string): boolean => /^(STRUCT|MAP|UNION)\(|\[\d*\]$/.test(type);

const hashedRow = (columns: readonly TestColumn[]): SqlFragment =>
  hashedRowFragment(columns.filter(isByText).map(({ name }) => name));

interface Suspects {
  readonly columns: SqlFragment;
  readonly hour: SqlFragment;
  readonly keep: SqlFragment;
  readonly hours: readonly bigint[];
  readonly withNone: boolean;
}

async function differingRows(
  memory: RowsInMemory,
  sides: Sides,
  { columns, hour, keep, hours, withNone }: Suspects,
): Promise<SqlFragment> {
  const { engine } = memory;
  const named = (part: string): SqlFragment => memory.tableNamed(`${sides.name}_${part}`);
  // Each side separately: DuckDB 1.5.5 fails to plan a union of tables that have more deletes than rows.
  for (const side of ['expected', 'found'] as const)
    await engine.execute(
      statement('compare/copy_hours', { table: named(side), rows: sides[side], columns, hour, keep }),
      { hours, with_none: withNone },
    );
  const differing = named('differing');
  await engine.execute(
    statement('compare/differing', {
      table: differing,
      columns,
      expected: named('expected'),
      found: named('found'),
    }),
  );
  const floats = sides.columns.filter(({ type }) => type in NEAR_PART);
  if (floats.length === 0 || sides.isExact === true) return differing;
  const others = sides.columns.filter((column) => !floats.includes(column));
  const table = named('not_near');
  await engine.execute(
    statement('compare/not_near', {
      ...{ table, differing },
      others: moreColumnsFragment(others.map(({ name }) => name)),
      floats: identifierListFragment(floats.map(({ name }) => name)),
      near: nearFragment(floats),
    }),
  );
  return table;
}

/** Samples rows of which one side has too many, as objects. */
export async function sampleOf(
  { engine }: RowsInMemory,
  rows: SqlFragment | undefined,
  {
    side,
    columns,
    keptRows,
  }: {
    readonly side: 'missing' | 'extra';
    readonly columns: readonly TestColumn[];
    readonly keptRows: number;
  },
): Promise<Readonly<Record<string, unknown>>[]> {
  if (rows === undefined || keptRows === 0) return [];
  const plain = columns.filter(({ type }) => !isNestedType(type));
  const result = await engine.table(
    statement('compare/sample', {
      columns: identifierListFragment(columns.map(({ name }) => name)),
      differing: rows,
      order: orderedByFragment(
        'psyberg_hour',
        plain.map(({ name }) => name),
      ),
    }),
    { surplus: side === 'missing' ? -1 : 1, kept_rows: BigInt(keptRows) },
  );
  return result.toObjects();
}
