// Goal: a session sees and writes only what its view allows, and `main` never moves through one. Method: HTTP
// under view prefixes.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import type { SessionTables, ViewShow } from '../../src/catalog/index.ts';
import type { CatalogTable } from '../../src/catalog/service/catalog.ts';
import { sessionCatalog } from '../../src/catalog/views/session-catalog.ts';
import type { TableIdentifier, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { append, type CatalogFixture, createTable, errorType, openCatalog, snapshot } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());

const SEEN: TableIdentifier = { namespace: ['sources'], name: 'seen' };
/** Opens a view `session` with one table. */
function openView(table: TableIdentifier, show: ViewShow): CatalogClient {
  fixture.catalog.views.open({ name: 'session', tables: [{ identifier: SEEN, table, show }] });
  return fixture.clientOf('session');
}
/** A table with snapshots 1 and 2 on `main`. */
async function tableWithHistory(properties: Record<string, string> = {}): Promise<TableIdentifier> {
  const id = await createTable(fixture, properties);
  await fixture.client.commitTable(id, append(1n, null));
  await fixture.client.commitTable(id, append(2n, 1n));
  return id;
}
const main = async (id: TableIdentifier) =>
  (await fixture.client.loadTable(id))?.metadata['current-snapshot-id'];
const refs = async (id: TableIdentifier) => (await fixture.client.loadTable(id))?.metadata.refs ?? {};

describe('a branch view', () => {
  it('shows the base until the branch exists, with refs, snapshots and log of its own', async () => {
    const view = openView(await tableWithHistory(), { kind: 'branch', branch: 'staging', base: 1n });
    const metadata = (await view.loadTable(SEEN))?.metadata;
    expect(metadata).toMatchObject({
      'current-snapshot-id': 1n,
      refs: { main: { 'snapshot-id': 1n } },
      'last-sequence-number': 2n,
    });
    expect(metadata?.snapshots).toHaveLength(1);
    expect(metadata?.['snapshot-log']).toEqual([{ 'snapshot-id': 1n, 'timestamp-ms': expect.any(Number) }]);
    // A transaction of DuckDB's that began a while ago sees it, whatever the clock of its writer said.
    expect(metadata?.['snapshot-log']?.[0]?.['timestamp-ms']).toBeLessThan(Date.now() - 3_000_000);
  });
  it('sends commits to the branch, the first from the base, the next from the branch', async () => {
    const table = await tableWithHistory();
    const view = openView(table, { kind: 'branch', branch: 'staging', base: 1n });
    expect((await view.commitTable(SEEN, append(3n, 1n))).metadata['current-snapshot-id']).toBe(3n);
    expect((await view.commitTable(SEEN, append(4n, 3n))).metadata.refs).toEqual({
      main: { 'snapshot-id': 4n, type: 'branch' },
    });
    expect(await refs(table)).toMatchObject({ main: { 'snapshot-id': 2n }, staging: { 'snapshot-id': 4n } });
  });
  it('works for a table without snapshots, and leaves it without a main', async () => {
    const table = await createTable(fixture);
    const view = openView(table, { kind: 'branch', branch: 'staging' });
    expect((await view.loadTable(SEEN))?.metadata).toMatchObject({
      snapshots: [],
      refs: {},
      'snapshot-log': [],
    });
    await view.commitTable(SEEN, append(1n, null));
    expect(await refs(table)).toEqual({ staging: { 'snapshot-id': 1n, type: 'branch' } });
    expect(await main(table)).toBeUndefined();
  });
  it.each(['1', '2', '3'])('works for format version %s', async (version) => {
    const table = await createTable(fixture, { 'format-version': version });
    const view = openView(table, { kind: 'branch', branch: 'staging' });
    const fields =
      version === '3'
        ? { 'first-row-id': 0n, 'added-rows': 10n }
        : version === '1'
          ? { 'sequence-number': 0n }
          : {};
    await view.commitTable(SEEN, append(1n, null, fields));
    expect((await view.loadTable(SEEN))?.metadata).toMatchObject({
      'format-version': Number(version),
      'current-snapshot-id': 1n,
    });
  });
  it('answers 409 when the branch is not what the client saw', async () => {
    const table = await tableWithHistory();
    const view = openView(table, { kind: 'branch', branch: 'staging', base: 1n });
    await expect(view.commitTable(SEEN, append(3n, 2n))).rejects.toMatchObject({ code: 'commit-conflict' });
    await view.commitTable(SEEN, append(3n, 1n));
    await expect(view.commitTable(SEEN, append(4n, 1n))).rejects.toMatchObject({ code: 'commit-conflict' });
  });
  it('never moves main, whatever the commit says', async () => {
    const table = await tableWithHistory();
    const view = openView(table, { kind: 'branch', branch: 'staging', base: 1n });
    const attempts: TableUpdate[][] = [
      [{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 1n }],
      [{ action: 'remove-snapshot-ref', 'ref-name': 'main' }],
      [{ action: 'remove-snapshots', 'snapshot-ids': [2n] }],
      [{ action: 'set-snapshot-ref', 'ref-name': 'staging', type: 'branch', 'snapshot-id': 2n }],
      [{ action: 'set-location', location: `${fixture.warehouse}/facts/elsewhere` }],
      [{ action: 'set-properties', updates: { a: '1' } }],
      [{ action: 'set-current-schema', 'schema-id': 0 }],
      [{ action: 'upgrade-format-version', 'format-version': 3 }],
    ];
    for (const updates of attempts)
      await view.commitTable(SEEN, { requirements: [], updates }).catch(() => undefined);
    const metadata = (await fixture.client.loadTable(table))?.metadata;
    expect(metadata).toMatchObject({
      'current-snapshot-id': 2n,
      'format-version': 2,
      refs: { main: { 'snapshot-id': 2n } },
    });
    expect(metadata?.properties).not.toHaveProperty('a');
  });
  it('keeps the limits of its branch, which a writer that knows only main says nothing of', async () => {
    const table = await tableWithHistory();
    const limits = { 'min-snapshots-to-keep': 7, 'max-ref-age-ms': 86_400_000n };
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [
        {
          action: 'set-snapshot-ref',
          'ref-name': 'staging',
          type: 'branch',
          'snapshot-id': 1n,
          ...limits,
        } as unknown as TableUpdate,
      ],
    });
    const refs = async () => (await fixture.client.loadTable(table))?.metadata.refs?.['staging'];
    const before = await refs();
    expect(before).toHaveProperty('min-snapshots-to-keep');
    const view = openView(table, { kind: 'branch', branch: 'staging' });
    expect((await view.loadTable(SEEN))?.metadata.refs).toEqual({ main: before });
    await view.commitTable(SEEN, append(3n, 1n));
    expect(await refs()).toEqual({ ...before, 'snapshot-id': 3n });
  });
  it('cannot take main as its branch', () => {
    expect(() => openView({ namespace: ['facts'], name: 't' }, { kind: 'branch', branch: 'main' })).toThrow(
      expect.objectContaining({ code: 'invalid-view-branch' }),
    );
  });
  it('says nothing of a snapshot whose commit time lies ahead of this clock, except that it is current', async () => {
    const table = await createTable(fixture);
    const view = openView(table, { kind: 'branch', branch: 'staging' });
    await view.commitTable(SEEN, append(1n, null, { 'timestamp-ms': Date.now() + 3_600_000 }));
    expect((await view.loadTable(SEEN))?.metadata['snapshot-log']?.[0]?.['timestamp-ms']).toBeLessThanOrEqual(
      Date.now(),
    );
  });
});

describe('the configuration of a view', () => {
  it('names what the view answers, and nothing that it refuses', async () => {
    openView(await tableWithHistory(), { kind: 'branch', branch: 'staging' });
    for (const prefix of ['session', 'branch@staging']) {
      const { endpoints } = (await fixture.call('GET', `config?warehouse=${prefix}`)).body as {
        endpoints: string[];
      };
      expect(endpoints.filter((endpoint) => !/^(GET|HEAD) /.test(endpoint))).toEqual([
        'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}',
        'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics',
        'POST /v1/{prefix}/transactions/commit',
      ]);
      expect(endpoints).toContain('GET /v1/{prefix}/namespaces/{namespace}/views');
    }
  });
});

describe('read-only entries', () => {
  it('show a pinned snapshot while the table moves on', async () => {
    const table = await tableWithHistory();
    const view = openView(table, { kind: 'snapshot', snapshotId: 2n });
    await fixture.client.commitTable(table, append(3n, 2n));
    expect((await view.loadTable(SEEN))?.metadata).toMatchObject({
      'current-snapshot-id': 2n,
      refs: { main: { 'snapshot-id': 2n } },
    });
  });
  it('show a snapshot of their own making, even of another schema', async () => {
    const table = await tableWithHistory();
    const view = openView(table, {
      kind: 'files',
      snapshot: snapshot(99n, { 'schema-id': 0, 'manifest-list': '/x/changes.avro', 'sequence-number': 2n }),
    });
    expect((await view.loadTable(SEEN))?.metadata).toMatchObject({
      'current-snapshot-id': 99n,
      snapshots: [{ 'manifest-list': '/x/changes.avro' }],
    });
  });
  it.each<ViewShow>([
    { kind: 'snapshot', snapshotId: 2n },
    { kind: 'files', snapshot: snapshot(99n) },
  ])('refuse commits: $kind', async (show) => {
    const table = await tableWithHistory();
    const view = openView(table, show);
    await expect(view.commitTable(SEEN, append(3n, 2n))).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('read-only in view session'),
    });
    expect(await main(table)).toBe(2n);
  });
  it('answer 404 once their snapshot is expired or their table dropped', async () => {
    const table = await tableWithHistory();
    const view = openView(table, { kind: 'snapshot', snapshotId: 1n });
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [{ action: 'remove-snapshots', 'snapshot-ids': [1n] }],
    });
    expect(await view.loadTable(SEEN)).toBeUndefined();
    await fixture.client.dropTable(table);
    expect(await view.loadTable(SEEN)).toBeUndefined();
  });
});

describe('the room of a view', () => {
  let view: CatalogClient;
  let table: TableIdentifier;
  beforeEach(async () => {
    table = await tableWithHistory();
    view = openView(table, { kind: 'branch', branch: 'staging', base: 2n });
  });
  it('holds its tables and their namespaces, and nothing else of the warehouse', async () => {
    expect(await view.listNamespaces()).toEqual([['sources']]);
    expect(await view.listTables(['sources'])).toEqual([SEEN]);
    expect(await view.loadTable(table)).toBeUndefined();
    expect(await view.namespaceExists(['facts'])).toBe(false);
    expect(errorType(await fixture.call('GET', 'session/namespaces/facts/tables'))).toEqual([
      404,
      'NoSuchNamespaceException',
    ]);
  });
  it('is attached by name and gone when closed', async () => {
    expect((await fixture.call('GET', 'config?warehouse=session')).body.overrides).toEqual({
      prefix: 'session',
    });
    fixture.catalog.views.close('session');
    expect((await fixture.call('GET', 'config?warehouse=session')).status).toBe(404);
  });
  it('cannot change the shape of the catalog', async () => {
    await expect(view.createNamespace(['more'])).rejects.toMatchObject({ code: 'forbidden' });
    await expect(view.dropTable(SEEN, { purge: true })).rejects.toMatchObject({ code: 'unsupported' });
    expect(
      (await fixture.call('DELETE', 'session/namespaces/sources/tables/seen?purgeRequested=true')).status,
    ).toBe(403);
    expect(await fixture.client.tableExists(table)).toBe(true);
  });
  it('commits several tables at once, under the names that the view gives them', async () => {
    const other = await createTable(fixture);
    const second = { namespace: ['sources'], name: 'second' };
    fixture.catalog.views.open({
      name: 'session',
      tables: [
        { identifier: SEEN, table, show: { kind: 'branch', branch: 'staging', base: 2n } },
        { identifier: second, table: other, show: { kind: 'branch', branch: 'staging' } },
      ],
    });
    await view.commitTransaction([
      { identifier: SEEN, ...append(3n, 2n) },
      { identifier: second, ...append(1n, null) },
    ]);
    expect(await refs(table)).toMatchObject({ main: { 'snapshot-id': 2n }, staging: { 'snapshot-id': 3n } });
    expect(await refs(other)).toEqual({ staging: { 'snapshot-id': 1n, type: 'branch' } });
    await expect(
      view.commitTransaction([
        { identifier: SEEN, ...append(4n, 3n) },
        { identifier: second, ...append(5n, 4n) },
      ]),
    ).rejects.toMatchObject({ code: 'commit-conflict' });
    expect(await refs(table)).toMatchObject({ staging: { 'snapshot-id': 3n } });
  });
  it.each(['', 'psyberg', 'branch@x', 'a/b', 'a b', '../x', 'namespaces', 'config'])(
    'cannot be called %j',
    (name) => {
      expect(() => fixture.catalog.views.open({ name, tables: [] })).toThrow(
        expect.objectContaining({ code: 'invalid-view-name' }),
      );
    },
  );
});

describe('the prefix branch@<name>', () => {
  it('shows the branch where there is one and writes to it', async () => {
    const table = await tableWithHistory();
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'audit/1', type: 'branch', 'snapshot-id': 1n }],
    });
    const branch = fixture.clientOf('branch@audit/1');
    expect((await branch.loadTable(table))?.metadata['current-snapshot-id']).toBe(1n);
    await branch.commitTable(table, append(3n, 1n));
    expect(await refs(table)).toMatchObject({
      main: { 'snapshot-id': 2n },
      'audit/1': { 'snapshot-id': 3n },
    });
    expect(
      (await fixture.call('GET', `branch@audit/1/namespaces/facts/tables/${table.name}`)).body.metadata[
        'current-snapshot-id'
      ],
    ).toBe(3n);
  });
  it('shows the other tables as they are, read-only', async () => {
    const [table, other] = [await tableWithHistory(), await tableWithHistory()];
    await fixture.client.commitTable(other, {
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'elsewhere', type: 'branch', 'snapshot-id': 1n }],
    });
    const branch = fixture.clientOf('branch@elsewhere');
    expect((await branch.loadTable(table))?.metadata['current-snapshot-id']).toBe(2n);
    await expect(branch.commitTable(table, append(3n, 2n))).rejects.toMatchObject({ code: 'forbidden' });
    expect(await main(table)).toBe(2n);
  });
  it('is refused with the names that there are, when no table has the branch: it would show main', async () => {
    const table = await tableWithHistory();
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'nightly', type: 'branch', 'snapshot-id': 1n }],
    });
    await expect(fixture.clientOf('branch@nightli').loadTable(table)).rejects.toMatchObject({
      message: expect.stringMatching(/"nightli".*nightly \(facts\./),
    });
    const { status, body } = await fixture.call('GET', 'config?warehouse=branch@nightli');
    expect([status, body.error.type]).toEqual([404, 'NoSuchWarehouseException']);
  });
  it('never is a way around to main', async () => {
    const table = await tableWithHistory();
    await expect(fixture.clientOf('branch@main').commitTable(table, append(3n, 2n))).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
  it('does not take a tag for a branch', async () => {
    const table = await tableWithHistory();
    await fixture.client.commitTable(table, {
      requirements: [],
      updates: [{ action: 'set-snapshot-ref', 'ref-name': 'release', type: 'tag', 'snapshot-id': 1n }],
    });
    await expect(fixture.clientOf('branch@release').commitTable(table, append(3n, 1n))).rejects.toMatchObject(
      { code: 'forbidden' },
    );
    expect(await refs(table)).toMatchObject({ release: { 'snapshot-id': 1n, type: 'tag' } });
  });
});

describe("a view whose lists lie beside another table's", () => {
  it('hands out what opens those, too', async () => {
    const source = { namespace: ['raw'], name: 'events' };
    const target = { namespace: ['facts'], name: 'fact' };
    const bare = (await fixture.client.loadTable(await createTable(fixture)))?.metadata as TableMetadata;
    const table = (name: string): CatalogTable => ({
      metadata: { ...bare, location: `s3://lake/${name}` },
      metadataLocation: undefined,
      config: { 's3.access-key-id': name },
    });
    const backend = {
      commitsTogether: true,
      loadTable: async ({ name }: TableIdentifier) => {
        loaded.push(name);
        return table(name);
      },
      commitTables: async () => [],
    };
    const loaded: string[] = [];
    const shown = (list: string): SessionTables => ({
      name: 'session',
      tables: [
        {
          identifier: SEEN,
          table: source,
          show: { kind: 'files', snapshot: snapshot(1n, { 'manifest-list': list }) },
        },
      ],
      listsBeside: [target],
    });
    const handedOut = async (list: string) =>
      (await sessionCatalog(shown(list), backend).loadTable(SEEN)).storageCredentials;
    expect(await handedOut('s3://lake/events/metadata/snap-1.avro')).toBeUndefined();
    expect(await handedOut('s3://lake/fact/metadata/psyberg_x/changes-e.avro')).toEqual([
      { prefix: 's3://lake/events/', config: { 's3.access-key-id': 'events' } },
      { prefix: 's3://lake/fact/', config: { 's3.access-key-id': 'fact' } },
    ]);
    expect(loaded.splice(0)).toEqual(['events', 'events', 'fact']);
    // On this machine files are opened without credentials: no other table is loaded for them.
    expect(await handedOut('/lake/fact/metadata/psyberg_x/changes-e.avro')).toBeUndefined();
    expect(loaded).toEqual(['events']);
  });
});

describe('a snapshot that the table itself does not know', () => {
  it('is not newer than the table that is shown with it: Java would refuse the table', async () => {
    const table = await tableWithHistory();
    const before = (await fixture.client.loadTable(table))?.metadata as TableMetadata;
    const made = snapshot(9n, { 'timestamp-ms': before['last-updated-ms'] + 3_600_000 });
    const shown = (await openView(table, { kind: 'files', snapshot: made }).loadTable(SEEN))?.metadata;
    expect(shown?.['last-updated-ms']).toBe(made['timestamp-ms']);
    const older = snapshot(9n, { 'timestamp-ms': before['last-updated-ms'] - 3_600_000 });
    const kept = (await openView(table, { kind: 'files', snapshot: older }).loadTable(SEEN))?.metadata;
    expect(kept?.['last-updated-ms']).toBe(before['last-updated-ms']);
  });
});
