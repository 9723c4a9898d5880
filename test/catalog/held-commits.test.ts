// Goal: held commits are seen by those who ask the catalog that holds them, and by nobody else until all are
// made in one. Method: one warehouse, a catalog that holds and one that does not.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startCatalog } from '../../src/catalog/index.ts';
import { heldCommits } from '../../src/catalog/service/held-commits.ts';
import type { TableIdentifier, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { setMain, snapshot } from '../iceberg/table.ts';

const [ONE, TWO]: readonly TableIdentifier[] = ['one', 'two'].map((name) => ({ namespace: ['ns'], name }));
const tables = [ONE as TableIdentifier, TWO as TableIdentifier] as const;

async function twoCatalogs() {
  const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-held-'));
  const held = heldCommits();
  const holding = await startCatalog({ warehouse, held });
  const plain = await startCatalog({ warehouse });
  onTestFinished(async () => {
    await Promise.all([holding.close(), plain.close()]);
    rmSync(warehouse, { recursive: true });
  });
  await plain.client.createNamespace(['ns']);
  const schema = { type: 'struct', fields: [{ id: 1, name: 'id', required: false, type: 'long' }] } as const;
  for (const table of tables) await plain.client.createTable(table, { schema });
  const seenBy = async ({ client }: typeof plain): Promise<(bigint | null | undefined)[]> =>
    Promise.all(
      tables.map(async (table) => (await client.loadTable(table))?.metadata['current-snapshot-id'] ?? null),
    );
  return {
    held,
    holding: holding.client,
    plain: plain.client,
    ofHolding: () => seenBy(holding),
    ofPlain: () => seenBy(plain),
  };
}

const publish = (id: bigint, { main }: { readonly main: bigint | null }) => ({
  requirements: [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': main }],
  updates: [{ action: 'add-snapshot', snapshot: snapshot(id) }, setMain(id)] as readonly TableUpdate[],
});

it('are one commit for everybody else, under the ids that they had', async () => {
  const { held, holding, plain, ofHolding, ofPlain } = await twoCatalogs();
  held.begin();
  await holding.commitTable(tables[0], publish(1n, { main: null }));
  await holding.commitTransaction([
    { identifier: tables[0], ...publish(2n, { main: 1n }) },
    { identifier: tables[1], ...publish(1n, { main: null }) },
  ]);
  expect(await ofHolding()).toEqual([2n, 1n]);
  expect(await ofPlain()).toEqual([null, null]);
  expect(held.tables()).toEqual(tables);
  await expect(holding.commitTable(tables[1], publish(3n, { main: null }))).rejects.toMatchObject({
    code: 'commit-conflict',
  });
  await held.commit();
  expect(await ofPlain()).toEqual([2n, 1n]);
  expect((await plain.loadTable(tables[0]))?.metadata.snapshots).toHaveLength(2);
  // From then on each is made at once.
  await holding.commitTable(tables[1], publish(2n, { main: 1n }));
  expect(await ofPlain()).toEqual([2n, 2n]);
});

it('are not made when somebody was first, and say where', async () => {
  const { held, holding, plain, ofHolding, ofPlain } = await twoCatalogs();
  held.begin();
  for (const table of tables) await holding.commitTable(table, publish(1n, { main: null }));
  await plain.commitTable(tables[1], publish(7n, { main: null }));
  await expect(held.commit()).rejects.toMatchObject({ code: 'commit-conflict', retryable: true });
  expect(await ofPlain()).toEqual([null, 7n]);
  expect([await held.isMade(), await held.moved()]).toEqual([false, [tables[1]]]);
  held.drop([tables[1]]);
  expect(await ofHolding()).toEqual([1n, 7n]);
  await holding.commitTable(tables[1], publish(8n, { main: 7n }));
  await held.commit();
  expect(await ofPlain()).toEqual([1n, 8n]);
});

it('that were made without an answer are known by their snapshots; dropped ones leave no trace', async () => {
  const { held, holding, plain, ofHolding, ofPlain } = await twoCatalogs();
  held.begin();
  await holding.commitTable(tables[0], publish(1n, { main: null }));
  expect(await held.isMade()).toBe(false);
  await plain.commitTable(tables[0], publish(1n, { main: null }));
  expect(await held.isMade()).toBe(true);
  const before: TableMetadata | undefined = (await plain.loadTable(tables[1]))?.metadata;
  await holding.commitTable(tables[1], publish(1n, { main: null }));
  held.end();
  expect(await ofHolding()).toEqual([1n, null]);
  expect((await plain.loadTable(tables[1]))?.metadata).toEqual(before);
  expect(await ofPlain()).toEqual([1n, null]);
});
