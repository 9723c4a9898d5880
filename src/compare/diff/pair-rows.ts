/** Pairs rows that only one of two snapshots has by their key. Rows -> rows that came, went and changed. */
import { hourText } from '../../model/hour.ts';
import type { DiffChange, DiffRow, TableDiff } from '../../model/table-diff.ts';
import {
  identifierListFragment,
  noneIsNullFragment,
  orderedByFragment,
  type SqlFragment,
  statement,
  type TestColumn,
} from '../../statements/index.ts';
import { type Differences, isNestedType } from '../differences.ts';
import type { RowsInMemory } from '../rows-in-memory.ts';

type Found = Pick<TableDiff, 'added' | 'removed' | 'changed' | 'hours' | 'sample'>;

export const noDifference: Found = Object.freeze({
  added: '0',
  removed: '0',
  changed: '0',
  hours: [],
  sample: { added: [], removed: [], changed: [] },
});

interface Pairing {
  readonly columns: readonly TestColumn[];
  readonly key: readonly string[] | undefined;
  readonly keptRows: number;
}

export async function pairRows(
  memory: RowsInMemory,
  { rows }: Differences,
  { columns, key, keptRows }: Pairing,
): Promise<Found> {
  if (rows === undefined) return noDifference;
  const { engine } = memory;
  const paired = memory.tableNamed('paired');
  await engine.execute(
    key === undefined
      ? statement('compare/unpaired', { table: paired, differing: rows })
      : statement('compare/paired', {
          ...{ table: paired, differing: rows },
          key: identifierListFragment(key),
          has_key: noneIsNullFragment(key),
        }),
  );
  const hours = await engine.query(statement('compare/diff_hours', { paired }));
  const sum = (of: 'added' | 'removed' | 'changed'): string =>
    String(hours.reduce((total, each) => total + each[of], 0n));
  const sampled = (surplus: number, changed: boolean): Promise<DiffRow[]> =>
    sampleRows(
      memory,
      { paired, columns, order: orderOf(columns, changed ? key : undefined) },
      {
        surplus,
        changed,
        kept_rows: BigInt(keptRows),
      },
    );
  const [before, after] = [await sampled(-1, true), await sampled(1, true)];
  return {
    added: sum('added'),
    removed: sum('removed'),
    changed: sum('changed'),
    hours: hours.map(({ hour, added, removed, changed }) => ({
      hour: hour === null ? null : hourText(Number(hour)),
      added: String(added),
      removed: String(removed),
      changed: String(changed),
    })),
    sample: {
      added: await sampled(1, false),
      removed: await sampled(-1, false),
      changed: before.map((from, index) => changeOf(from, after[index] as DiffRow)),
    },
  };
}

/** Orders rows by key and place, which both sides of a pair share: so both lists have the same order. */
const orderOf = (columns: readonly TestColumn[], key: readonly string[] | undefined): SqlFragment =>
  key === undefined
    ? orderedByFragment(
        'psyberg_hour',
        columns.filter(({ type }) => !isNestedType(type)).map(({ name }) => name),
      )
    : orderedByFragment('psyberg_place', key);

async function sampleRows(
  { engine }: RowsInMemory,
  {
    paired,
    columns,
    order,
  }: { readonly paired: SqlFragment; readonly columns: readonly TestColumn[]; readonly order: SqlFragment },
  values: { readonly surplus: number; readonly changed: boolean; readonly kept_rows: bigint },
): Promise<DiffRow[]> {
  const names = identifierListFragment(columns.map(({ name }) => name));
  const result = await engine.table(
    statement('compare/diff_sample', { columns: names, paired, order }),
    values,
  );
  return result.toObjects();
}

const changeOf = (from: DiffRow, to: DiffRow): DiffChange => ({
  from,
  to,
  columns: Object.keys(to).filter((name) => textOf(from[name]) !== textOf(to[name])),
});

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) ?? 'null';
