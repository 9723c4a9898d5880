// Goal: a manifest list that is written from what is known of small lists is the list that DuckDB writes, and counts
// the same. Method: random lists, as writers of every format version leave them, and both ways.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BoundStatement } from '../../src/engine/index.ts';
import type { ManifestFileRow, RowIds } from '../../src/iceberg/manifest-row.ts';
import {
  listStatement,
  type RowLineage,
  type Statement,
  type StatementRow,
  statement,
} from '../../src/statements/index.ts';
import { readKnownList, recalledList } from '../../src/tables/read/list-rows.ts';
import {
  asStep,
  changeRows,
  composedRows,
  insertedRows,
  writeKnownRows,
} from '../../src/tables/write/compose-known.ts';
import { knownTotals } from '../../src/tables/write/known-counts.ts';
import { engineInFolder } from '../support/engine-in-folder.ts';
import { propertySeed } from '../support/property-seed.ts';

const { engine, folder } = await engineInFolder('psyberg-known-list-');

let written = 0;
const newPath = (): string => {
  written += 1;
  return join(folder, `${written}.avro`);
};

const count = fc.constantFrom(0, 1, 4);
const row = fc.record({
  path: fc.constantFrom('m1', 'm2', 'm3', "m'ü"),
  spec: fc.constantFrom(0, 1),
  content: fc.constantFrom(0, 0, 1),
  sequence: fc.constantFrom(1, 2),
  least: fc.constantFrom(1, 2),
  snapshot: fc.constantFrom('7', '8', '9007199254740993'),
  counts: fc.tuple(count, count, count),
  rowId: fc.constantFrom('null', '40'),
  partitions: fc.constantFrom(
    'null',
    '[]',
    "[{'contains_null': true, 'contains_nan': null::boolean, 'lower_bound': unhex('0000F87F'), 'upper_bound': null::blob}]",
    "[{'contains_null': false, 'contains_nan': false, 'lower_bound': '\\x00a'::blob, 'upper_bound': unhex('000000000000F87F')}]",
  ),
});
type ListRow = typeof row extends fc.Arbitrary<infer T> ? T : never;
/** Format version 1 has no content and no sequence numbers, and its writers call the counts otherwise. */
type Version = 1 | 2 | 3;

async function write(rows: readonly ListRow[], version: Version, of = 'list'): Promise<string> {
  const path = newPath();
  const name = version === 1 ? 'data_files' : 'files';
  const texts = rows.map((row, index) => {
    const [added, existing, deleted] = row.counts;
    return `select '${of}-${row.path.replace("'", "''")}-${index}' as manifest_path, 9::bigint as manifest_length, ${row.spec} as partition_spec_id,
      ${version === 1 ? '' : `${row.content} as content, ${row.sequence}::bigint as sequence_number, ${row.least}::bigint as min_sequence_number,`}
      ${row.snapshot}::bigint as added_snapshot_id, ${added} as added_${name}_count, ${existing} as existing_${name}_count,
      ${deleted} as deleted_${name}_count, ${added * 3}::bigint as added_rows_count, ${existing * 3}::bigint as existing_rows_count,
      ${deleted * 3}::bigint as deleted_rows_count,
      ${row.partitions}::struct(contains_null boolean, contains_nan boolean, lower_bound blob, upper_bound blob)[] as partitions
      ${version === 3 ? `, ${row.rowId}::bigint as first_row_id` : ''}`;
  });
  await engine.execute({
    sql: `copy (${texts.join(' union all ')}) to '${path}' (format avro)`,
    parameters: {},
  });
  return path;
}

const contentOf = async (list: string): Promise<unknown> => {
  const sql = 'select * exclude (filename) from read_avro($list, filename = true) order by all';
  const { columns, rows } = await engine.table({ sql, parameters: { list } });
  return { columns, rows };
};

it('is written, and counted, as DuckDB does it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 4 }),
      fc.array(row, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<Version>(1, 2, 3),
      fc.constantFrom<RowLineage>('none', 'assigned', 'kept'),
      async (carried, staged, version, lineage) => {
        const lists = {
          carried_list: await write(carried, version),
          staged_list: await write(staged, 2, 'staged'),
        };
        const [ids, place] = [[7n, 8n], { snapshotId: 11n, sequenceNumber: 5n }];
        const rowIds = lineage === 'assigned' ? 100n : lineage;
        const composed = composedRows({
          carried: lists.carried_list,
          staged: lists.staged_list,
          stagingIds: [8n],
          ...place,
        });
        await isWritten(composed, rowIds, {
          statement: listStatement('tables/write_manifest_list', lineage),
          values: {
            ...{ ...lists, ...(lineage === 'assigned' ? { first_row_id: 100n } : {}) },
            ...{ staging_snapshot_ids: [8n], snapshot_id: 11n, sequence_number: 5n },
          },
        });
        const shown = lineage === 'none' ? 'none' : 'kept';
        await isWritten(insertedRows(lists.carried_list, ids), shown, {
          statement: listStatement('tables/write_inserts_list', shown),
          values: { manifest_list: lists.carried_list, insert_snapshot_ids: ids },
        });
        const both = [lists.carried_list, await write(carried, version)];
        await isWritten(changeRows(both, { snapshotIds: ids, contents: [0, 1] }), 'none', {
          statement: listStatement('tables/write_change_list', 'none'),
          values: { manifest_lists: both, snapshot_ids: ids, contents: [0, 1] },
        });
        for (const firstRowId of [undefined, 40n]) {
          const asked = {
            manifest_list: lists.carried_list,
            snapshot_id: 8n,
            first_row_id: firstRowId ?? null,
          };
          const totals = await engine.query(statement('tables/list_totals'), asked);
          expect(summed(knownTotals(lists.carried_list, { snapshotId: 8n, firstRowId }) ?? [])).toEqual(
            summed(totals),
          );
        }
      },
    ),
    { numRuns: 25, ...propertySeed() },
  );
});

/** What is written without DuckDB is what the statement writes. */
async function isWritten(
  rows: readonly ManifestFileRow[] | undefined,
  rowIds: RowIds,
  { statement: of, values }: { readonly statement: Statement; readonly values: BoundStatement['parameters'] },
): Promise<void> {
  const [byDuckdb, known] = [newPath(), newPath()];
  await engine.execute(asStep(of, { ...values, destination: byDuckdb }));
  expect(rows).toBeDefined();
  await writeKnownRows(engine, known, rows, rowIds);
  expect(await contentOf(known)).toEqual(await contentOf(byDuckdb));
  // What is remembered of a list that was written is what is read from it.
  const copy = newPath();
  copyFileSync(known, copy);
  expect(recalledList(known)).toEqual(readKnownList(copy));
}

it('is read again where it is another file than before', async () => {
  const paths = (list: string) => readKnownList(list)?.map(({ row: { manifest_path: path } }) => path);
  const of = (path: ListRow['path']): ListRow => ({
    ...{ path, spec: 0, content: 0, sequence: 1, least: 1, snapshot: '7' },
    ...{ counts: [1, 0, 0], rowId: 'null', partitions: 'null' },
  });
  const [list, other] = [await write([of('m1')], 2), await write([of('m2'), of('m3')], 2)];
  expect(paths(list)).toEqual(['list-m1-0']);
  copyFileSync(other, list);
  expect(paths(list)).toEqual(['list-m2-0', 'list-m3-1']);
  rmSync(list);
  expect(paths(list)).toBeUndefined();
});

type Totals = StatementRow<'tables/list_totals'>;
/** Those that name no manifest as one. */
function summed(rows: readonly Totals[]): unknown {
  const sums = new Map<string, bigint[]>();
  for (const { files, rows: count, assigned_rows: assigned, ...named } of rows) {
    const key = JSON.stringify(Object.entries(named).sort());
    const before = sums.get(key) ?? [0n, 0n, 0n];
    sums.set(
      key,
      [files, count, assigned].map((each, index) => each + (before[index] as bigint)),
    );
  }
  return new Map([...sums].sort());
}
