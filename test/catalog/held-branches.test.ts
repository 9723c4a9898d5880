// Goal: the branch of a session that runs as a whole is seen by its own process alone, and gone with the
// session; any other is the catalog's. Method: two catalogs over one warehouse, one of which holds the branch.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type CatalogServer, startCatalog } from '../../src/catalog/index.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { type CatalogFixture, openCatalog, SCHEMA, snapshot } from './fixture.ts';

const TABLE = { namespace: ['facts'], name: 'orders' };
const BRANCH = 'psyberg_orders_load_20230914061501';

let fixture: CatalogFixture;
let other: CatalogServer;
afterEach(async () => {
  await other.close();
  await fixture.close();
});

/** A table with a snapshot, and a session that is shown. */
async function begin(holdsBranch: boolean): Promise<void> {
  fixture = await openCatalog();
  other = await startCatalog({ warehouse: fixture.warehouse });
  const { client, views } = fixture.catalog;
  await client.createNamespace(['facts']);
  await client.createTable(TABLE, { schema: SCHEMA });
  await client.commitTable(TABLE, { requirements: [], updates: added(1n, 'main') });
  const show = { kind: 'branch' as const, branch: BRANCH, base: 1n };
  views.open({ name: BRANCH, tables: [{ identifier: TABLE, table: TABLE, show }], holdsBranch });
}
const added = (id: bigint, ref: string, parent?: bigint): TableUpdate[] => [
  {
    action: 'add-snapshot',
    snapshot: snapshot(id, parent === undefined ? {} : { 'parent-snapshot-id': parent }),
  },
  { action: 'set-snapshot-ref', 'ref-name': ref, type: 'branch', 'snapshot-id': id },
];
async function refsIn(catalog: CatalogServer): Promise<Record<string, bigint>> {
  const refs = (await catalog.client.loadTable(TABLE))?.metadata.refs ?? {};
  return Object.fromEntries(Object.entries(refs).map(([name, ref]) => [name, ref['snapshot-id']]));
}
const files = (): number => readdirSync(join(fixture.warehouse, 'facts/orders/metadata')).length;
const stage = (): Promise<unknown> =>
  fixture.catalog.client.commitTable(TABLE, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: BRANCH, 'snapshot-id': null }],
    updates: added(2n, BRANCH, 1n),
  });

it('is seen where it is held, and costs the table nothing', async () => {
  await begin(true);
  const before = files();
  await stage();
  expect(files()).toBe(before);
  expect(await refsIn(fixture.catalog)).toEqual({ main: 1n, [BRANCH]: 2n });
  const shown = await fixture.clientOf(BRANCH).loadTable(TABLE);
  expect(shown?.metadata['current-snapshot-id']).toBe(2n);
  expect(await refsIn(other)).toEqual({ main: 1n });

  // It is published as if the catalog had it.
  await fixture.catalog.client.commitTransaction([
    {
      identifier: TABLE,
      requirements: [
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 1n },
        { type: 'assert-ref-snapshot-id', ref: BRANCH, 'snapshot-id': 2n },
      ],
      updates: [
        ...added(3n, 'main', 1n),
        { action: 'remove-snapshot-ref', 'ref-name': BRANCH },
        { action: 'remove-snapshots', 'snapshot-ids': [2n] },
      ],
    },
  ]);
  for (const catalog of [fixture.catalog, other]) {
    expect(await refsIn(catalog)).toEqual({ main: 3n });
    const table = await catalog.client.loadTable(TABLE);
    expect(table?.metadata.snapshots?.map((each) => each['snapshot-id'])).toEqual([1n, 3n]);
  }
});

it('is required to be as it was', async () => {
  await begin(true);
  await stage();
  await expect(stage()).rejects.toMatchObject({ code: 'commit-conflict' });
});

it('is gone with the session that it was held for', async () => {
  await begin(true);
  await stage();
  fixture.catalog.views.close(BRANCH);
  expect(await refsIn(fixture.catalog)).toEqual({ main: 1n });
});

it('is one of the catalog where the session does not say so', async () => {
  await begin(false);
  await stage();
  expect(await refsIn(other)).toEqual({ main: 1n, [BRANCH]: 2n });
});
