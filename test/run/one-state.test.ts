// Goal: the tables of a statement are of one state of the catalog, or it is bound again. Method: a catalog whose tables
// move between the looks at them.
import { expect, it } from 'vitest';
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import type { TableIdentifier, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { oneState } from '../../src/run/sql/one-state.ts';

const [A, B] = ['a', 'b'].map((name): TableIdentifier => ({ namespace: ['ns'], name })) as [
  TableIdentifier,
  TableIdentifier,
];

function catalogOf(snapshots: Record<string, bigint>, atMs = 0) {
  const metadata = ({ name }: TableIdentifier): TableMetadata =>
    ({
      'current-snapshot-id': snapshots[name],
      'snapshot-log': [{ 'snapshot-id': snapshots[name], 'timestamp-ms': atMs }],
    }) as unknown as TableMetadata;
  const catalog = { loadTable: async (id: TableIdentifier) => ({ metadata: metadata(id) }) };
  const state = oneState({ catalog: catalog as unknown as CatalogClient });
  return { state, load: (id: TableIdentifier) => state.onLoad(id, metadata(id)) };
}

it('a table that moved before the next one was asked for is a conflict, and the statement worth another try', async () => {
  const snapshots = { a: 1n, b: 1n };
  const { state, load } = catalogOf(snapshots);
  state.begin();
  await load(A);
  Object.assign(snapshots, { a: 2n, b: 2n });
  await expect(load(B)).rejects.toMatchObject({ code: 'source-moved' });
  // DuckDB asks for it once more, and would go on with an answer.
  await expect(load(B)).rejects.toMatchObject({ code: 'source-moved' });
  expect([state.isMixed(), state.isMixed()]).toEqual([true, false]);
  await load(A);
  await load(B);
  // It is bound again to be run: all tables are asked for once more.
  snapshots.a = 3n;
  await load(A);
  await load(B);
  expect(state.isMixed()).toBe(false);
});

it('a snapshot that is younger than the statement is read as the one before it: one table alone may be so', async () => {
  const { state, load } = catalogOf({ a: 1n, b: 1n }, Date.now() + 60_000);
  state.begin();
  await load(A);
  for (let tries = 0; tries < 10; tries += 1) {
    if (tries > 0) await load(A);
    await expect(load(B)).rejects.toMatchObject({ code: 'source-moved' });
    expect(state.isMixed()).toBe(true);
  }
  // Where that does not end, the tables are taken as they come.
  await load(A);
  await load(B);
  expect(state.isMixed()).toBe(false);
});
