// Goal: a table that changes while it is viewed takes no commit that was meant for what it was. Method: tables
// dropped, made anew, tagged and evolved under an open view.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableIdentifier } from '../../src/iceberg/table-metadata.ts';
import { append, type CatalogFixture, openCatalog, SCHEMA } from './fixture.ts';
import { makeTable, SEEN } from './viewed-tables.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
  await fixture.client.createNamespace(['facts']);
});
afterAll(() => fixture.close());
const OTHER: TableIdentifier = { namespace: ['sources'], name: 'other' };

describe('a table that changes while it is viewed', () => {
  const open = (table: TableIdentifier, tableUuid?: string): void =>
    fixture.catalog.views.open({
      name: 'view',
      tables: [{ identifier: SEEN, table, tableUuid, show: { kind: 'branch', branch: 'staging' } }],
    });
  it('dropped: it is gone, and nothing can be committed to it', async () => {
    const table = await makeTable(fixture, { version: '2', history: 0, staging: false });
    open(table);
    await fixture.client.dropTable(table);
    const view = fixture.clientOf('view');
    expect(await view.loadTable(SEEN)).toBeUndefined();
    expect((await fixture.call('POST', 'view/namespaces/sources/tables/seen', append(1n, null))).status).toBe(
      404,
    );
    expect((await fixture.call('HEAD', 'view/namespaces/sources/tables/seen')).status).toBe(404);
  });
  it('dropped and created again: the view shows the one before, which is gone', async () => {
    const table = await makeTable(fixture, { version: '2', history: 0, staging: false });
    open(table, (await fixture.client.loadTable(table))?.metadata['table-uuid']);
    const view = fixture.clientOf('view');
    expect(await view.tableExists(SEEN)).toBe(true);
    await fixture.client.dropTable(table);
    await fixture.client.createTable(table, { schema: SCHEMA });
    expect(await view.loadTable(SEEN)).toBeUndefined();
    expect((await fixture.call('POST', 'view/namespaces/sources/tables/seen', append(1n, null))).status).toBe(
      404,
    );
    expect((await fixture.client.loadTable(table))?.metadata.snapshots).toEqual([]);
  });
  it('a tag in the place of the branch takes no commits', async () => {
    const table = await makeTable(fixture, { version: '2', history: 1, staging: false });
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'staging', type: 'tag', 'snapshot-id': 1n }],
    });
    open(table);
    expect((await fixture.call('POST', 'view/namespaces/sources/tables/seen', append(5n, 1n))).status).toBe(
      403,
    );
    expect((await fixture.client.loadTable(table))?.metadata.refs?.['staging']).toEqual({
      'snapshot-id': 1n,
      type: 'tag',
    });
  });
  it('upgraded, evolved and moved on: commits to the branch go on from what the branch is', async () => {
    const table = await makeTable(fixture, { version: '1', history: 1, staging: true });
    open(table);
    const view = fixture.clientOf('view');
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [
        { action: 'upgrade-format-version', 'format-version': 2 },
        {
          action: 'add-schema',
          schema: {
            type: 'struct',
            fields: [...SCHEMA.fields, { id: 3, name: 'note', required: false, type: 'string' }],
          },
        },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
    });
    await fixture.client.commitTable(table, append(2n, 1n, { 'sequence-number': 30n }));
    await view.commitTable(SEEN, append(11n, 10n, { 'sequence-number': 31n }));
    const metadata = (await fixture.client.loadTable(table))?.metadata;
    expect(metadata?.refs).toMatchObject({ main: { 'snapshot-id': 2n }, staging: { 'snapshot-id': 11n } });
    expect((await view.loadTable(SEEN))?.metadata).toMatchObject({
      'format-version': 2,
      'current-schema-id': 1,
      'last-sequence-number': 31n,
    });
  });
  it('two tables of a view, one of them gone: neither is committed', async () => {
    const [one, two] = [
      await makeTable(fixture, { version: '2', history: 0, staging: false }),
      await makeTable(fixture, { version: '2', history: 0, staging: false }),
    ];
    fixture.catalog.views.open({
      name: 'view',
      tables: [one, two].map((table, n) => ({
        identifier: n === 0 ? SEEN : OTHER,
        table,
        show: { kind: 'branch', branch: 'staging' },
      })),
    });
    await fixture.client.dropTable(two);
    const changes = [SEEN, OTHER].map((identifier) => ({ identifier, ...append(1n, null) }));
    expect(
      (await fixture.call('POST', 'view/transactions/commit', { 'table-changes': changes })).status,
    ).toBe(404);
    expect((await fixture.client.loadTable(one))?.metadata.refs).toEqual({});
  });
});
