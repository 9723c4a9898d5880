// Goal: nothing that is sent through a view moves `main` or changes what its readers see, for tables in every
// state. Method: commits made of every update and requirement of the specification, at random, through each
// kind of view; after each the real table is compared with what it was.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ViewShow } from '../../src/catalog/index.ts';
import type { TableIdentifier, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableRequirement, TableUpdate } from '../../src/iceberg/table-update.ts';
import { type CatalogFixture, openCatalog, type Reply, SCHEMA, snapshot } from './fixture.ts';
import { makeTable, SEEN, type TableState } from './viewed-tables.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
  await fixture.client.createNamespace(['facts']);
});
afterAll(() => fixture.close());
const STATES: readonly TableState[] = (['1', '2', '3'] as const).flatMap((version) =>
  ([0, 1, 3] as const).flatMap((history) => [true, false].map((staging) => ({ version, history, staging }))),
);
const rowsOf = (version: string) => (version === '3' ? { 'first-row-id': 1000n, 'added-rows': 1n } : {});
/** All that a reader of `main` can see, and all other references. */
function mainOf(metadata: TableMetadata): unknown {
  const { main, side, release } = metadata.refs ?? {};
  const seen = new Set(metadata['snapshot-log']?.map((entry) => entry['snapshot-id']));
  return {
    refs: { main, side, release },
    current: metadata['current-snapshot-id'],
    log: metadata['snapshot-log'],
    snapshots: metadata.snapshots?.filter((each) => seen.has(each['snapshot-id'])),
    statistics: [metadata.statistics, metadata['partition-statistics']].map((files) =>
      files?.filter((file) => seen.has((file as { 'snapshot-id': bigint })['snapshot-id'])),
    ),
    schema: metadata.schemas.find((schema) => schema['schema-id'] === metadata['current-schema-id']),
    specs: [metadata['default-spec-id'], metadata['partition-specs']],
    orders: [metadata['default-sort-order-id'], metadata['sort-orders']],
    properties: metadata.properties,
    place: [metadata.location, metadata['table-uuid'], metadata['format-version']],
  };
}
const anyRef = fc.constantFrom('main', 'main', 'main', 'staging', 'side', 'release', 'new', 'MAIN', '');
const anySnapshot = fc.constantFrom(1n, 2n, 3n, 10n, 20n, 21n, 99n);
const anyId = fc.constantFrom(-1, 0, 1, 2);
const anyUpdate: fc.Arbitrary<TableUpdate> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(20n, 21n).map((id) => ({
      action: 'add-snapshot' as const,
      snapshot: snapshot(id, { 'sequence-number': id, ...rowsOf('3') }),
    })),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      action: fc.constant('set-snapshot-ref' as const),
      'ref-name': anyRef,
      type: fc.constantFrom('branch' as const, 'tag' as const),
      'snapshot-id': anySnapshot,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ action: fc.constant('remove-snapshot-ref' as const), 'ref-name': anyRef }),
  },
  fc.record({
    action: fc.constant('remove-snapshots' as const),
    'snapshot-ids': fc.array(anySnapshot, { maxLength: 3 }),
  }),
  fc.record({
    action: fc.constant('assign-uuid' as const),
    uuid: fc.constant('4e2b6a1c-0000-4000-8000-000000000000'),
  }),
  fc.record({
    action: fc.constant('upgrade-format-version' as const),
    'format-version': fc.constantFrom(1, 2, 3),
  }),
  fc.record({
    action: fc.constant('add-schema' as const),
    schema: fc.constant({
      type: 'struct' as const,
      fields: [{ id: 1, name: 'only', required: false, type: 'long' }],
    }),
  }),
  fc.record({ action: fc.constant('set-current-schema' as const), 'schema-id': anyId }),
  fc.record({ action: fc.constant('remove-schemas' as const), 'schema-ids': fc.array(anyId) }),
  fc.record({
    action: fc.constant('add-spec' as const),
    spec: fc.constant({ fields: [{ 'source-id': 1, name: 'b', transform: 'bucket[4]' }] }),
  }),
  fc.record({ action: fc.constant('set-default-spec' as const), 'spec-id': anyId }),
  fc.record({ action: fc.constant('remove-partition-specs' as const), 'spec-ids': fc.array(anyId) }),
  fc.record({
    action: fc.constant('add-sort-order' as const),
    'sort-order': fc.constant({
      fields: [{ 'source-id': 1, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
    }),
  }),
  fc.record({ action: fc.constant('set-default-sort-order' as const), 'sort-order-id': anyId }),
  fc.constant({ action: 'set-location' as const, location: '{w}/facts/moved' }),
  fc.constant({ action: 'set-properties' as const, updates: { stolen: 'yes' } }),
  fc.constant({ action: 'remove-properties' as const, removals: ['format-version', 'stolen'] }),
  anySnapshot.map((id) => ({
    action: 'set-statistics' as const,
    statistics: { 'snapshot-id': id, 'statistics-path': '/x' },
  })),
  fc.record({ action: fc.constant('remove-statistics' as const), 'snapshot-id': anySnapshot }),
  anySnapshot.map((id) => ({
    action: 'set-partition-statistics' as const,
    'partition-statistics': { 'snapshot-id': id, 'statistics-path': '/x' },
  })),
  fc.record({ action: fc.constant('remove-partition-statistics' as const), 'snapshot-id': anySnapshot }),
  fc.constant({ action: 'add-encryption-key' as const, 'encryption-key': { 'key-id': 'k' } }),
  fc.constant({ action: 'remove-encryption-key' as const, 'key-id': 'k' }),
);
const anyRequirement: fc.Arbitrary<TableRequirement> = fc.oneof(
  fc.record({
    type: fc.constant('assert-ref-snapshot-id' as const),
    ref: anyRef,
    'snapshot-id': fc.option(anySnapshot),
  }),
  fc.constant({ type: 'assert-create' as const }),
  fc.record({ type: fc.constant('assert-current-schema-id' as const), 'current-schema-id': anyId }),
);
/** What a writer sends to append, so that much gets through; and perhaps one thing more. */
const append20: TableUpdate[] = [
  { action: 'add-snapshot', snapshot: snapshot(20n, { 'sequence-number': 20n, ...rowsOf('3') }) },
  { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 20n },
];
const anyCommit = fc.oneof(
  fc.record({
    requirements: fc.array(anyRequirement, { maxLength: 1 }),
    updates: fc.array(anyUpdate, { minLength: 1, maxLength: 3 }),
  }),
  fc
    .array(anyUpdate, { maxLength: 1 })
    .map((more) => ({ requirements: [] as TableRequirement[], updates: [...append20, ...more] })),
);
const anyShow = fc.constantFrom<'branch' | 'fresh' | 'snapshot' | 'files' | 'prefix'>(
  'branch',
  'branch',
  'fresh',
  'snapshot',
  'files',
  'prefix',
);
const showOf = (kind: string, base: bigint | undefined): ViewShow =>
  kind === 'snapshot'
    ? { kind: 'snapshot', snapshotId: base ?? 1n }
    : kind === 'files'
      ? { kind: 'files', snapshot: snapshot(77n) }
      : { kind: 'branch', branch: kind === 'fresh' ? 'fresh' : 'staging', base };

describe('whatever is committed through a view', () => {
  it('leaves main, its history, the other references and the table as they were', {
    timeout: 120_000,
  }, async () => {
    const made = await Promise.all(STATES.map((state) => makeTable(fixture, state)));
    const landed = new Map<string, number>();
    let commits = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(STATES.length - 1),
        anyShow,
        fc.boolean(),
        anyCommit,
        async (position, kind, together, commit) => {
          const table = made[position] as TableIdentifier;
          const base = STATES[position]?.history === 0 ? undefined : 1n;
          fixture.catalog.views.open({
            name: 'view',
            tables: [{ identifier: SEEN, table, show: showOf(kind, base) }],
          });
          const before = await fixture.client.loadTable(table);
          const body = JSON.parse(
            JSON.stringify(commit, (_key, value) => (typeof value === 'bigint' ? Number(value) : value))
              .replace('{w}', fixture.warehouse)
              .replaceAll(/("sequence-number":)\d+/g, STATES[position]?.version === '1' ? '$10' : '$&')
              // Snapshots of this commit, which no other has added.
              .replaceAll(/\b2([01])\b(?=[,}\]])/g, (_all, digit: string) =>
                String(1000 + 10 * commits + Number(digit)),
              ),
          ) as Record<string, unknown>;
          const [prefix, id] = kind === 'prefix' ? ['branch@staging', table] : ['view', SEEN];
          const reply: Reply = together
            ? await fixture.call('POST', `${prefix}/transactions/commit`, {
                'table-changes': [{ identifier: id, ...body }],
              })
            : await fixture.call('POST', `${prefix}/namespaces/${id.namespace[0]}/tables/${id.name}`, body);
          const after = await fixture.client.loadTable(table);
          commits += 1;
          if (reply.status < 300)
            for (const { action } of commit.updates) landed.set(action, (landed.get(action) ?? 0) + 1);
          expect(reply.status).toSatisfy((status: number) => status < 500);
          expect(mainOf(after?.metadata as TableMetadata)).toEqual(mainOf(before?.metadata as TableMetadata));
          // A view says nothing of `main` either: what it shows as its log is its own. A prefix whose branch
          // is gone shows the table itself, to read.
          if (reply.status === 200 && (kind !== 'prefix' || after?.metadata.refs?.['staging'] !== undefined))
            expect((reply.body.metadata as TableMetadata)['snapshot-log']?.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 300, seed: 20_261_122 },
    );
    // Otherwise the property would hold because nothing got through.
    expect(landed.get('add-snapshot')).toBeGreaterThan(5);
    expect(landed.get('set-snapshot-ref')).toBeGreaterThan(5);
    expect(
      [...landed.keys()].filter(
        (action) =>
          ![
            'add-snapshot',
            'set-snapshot-ref',
            'remove-snapshot-ref',
            'add-schema',
            'set-statistics',
            'set-partition-statistics',
          ].includes(action),
      ),
    ).toEqual([]);
    expect(commits).toBe(300);
  });
  it('also one update at a time, each reference in turn', async () => {
    const snapshots = [1n, 3n, 10n, 20n];
    const each: TableUpdate[] = ['main', 'staging', 'side', 'release', 'new'].flatMap((name) => [
      { action: 'remove-snapshot-ref' as const, 'ref-name': name },
      ...snapshots.flatMap((id) =>
        (['branch', 'tag'] as const).map((type) => ({
          action: 'set-snapshot-ref' as const,
          'ref-name': name,
          type,
          'snapshot-id': id,
        })),
      ),
    ]);
    for (const [prefix, id] of [
      ['view', SEEN],
      ['branch@staging', undefined],
    ] as const) {
      let table: TableIdentifier | undefined;
      for (const update of each) {
        for (const before of [[], append20.slice(0, 1)]) {
          table ??= await makeTable(fixture, { version: '2', history: 3, staging: true });
          fixture.catalog.views.open({
            name: 'view',
            tables: [{ identifier: SEEN, table, show: { kind: 'branch', branch: 'staging', base: 1n } }],
          });
          const was = await fixture.client.loadTable(table);
          const { namespace, name } = id ?? table;
          const reply = await fixture.call('POST', `${prefix}/namespaces/${namespace[0]}/tables/${name}`, {
            requirements: [],
            updates: [...before, update],
          });
          expect([update, reply.status < 500]).toEqual([update, true]);
          const now = (await fixture.client.loadTable(table))?.metadata;
          expect([update, mainOf(now as TableMetadata)]).toEqual([
            update,
            mainOf(was?.metadata as TableMetadata),
          ]);
          // What was refused left the table as it was: the next one may be tried on it.
          if (reply.status < 300) table = undefined;
        }
      }
    }
  });
  it('cannot create, drop, rename, register or view anything, in a session or under a branch', async () => {
    const table = await makeTable(fixture, { version: '2', history: 1, staging: true });
    fixture.catalog.views.open({
      name: 'view',
      tables: [{ identifier: SEEN, table, show: { kind: 'branch', branch: 'staging', base: 1n } }],
    });
    const { metadataLocation } = (await fixture.client.loadTable(table)) as { metadataLocation: string };
    for (const [prefix, id] of [
      ['view', SEEN],
      ['branch@staging', table],
    ] as const) {
      const namespace = `${prefix}/namespaces/${id.namespace[0]}`;
      const view = {
        name: 'v',
        schema: SCHEMA,
        'view-version': {
          'version-id': 1,
          'timestamp-ms': 1,
          'schema-id': 0,
          summary: {},
          representations: [],
          'default-namespace': [],
        },
        properties: {},
      };
      for (const [method, path, body] of [
        ['POST', `${prefix}/namespaces`, { namespace: ['new'] }],
        ['DELETE', namespace, undefined],
        ['POST', `${namespace}/properties`, { updates: { a: '1' } }],
        ['POST', `${namespace}/tables`, { name: 'new', schema: SCHEMA }],
        ['POST', `${namespace}/tables`, { name: 'new', schema: SCHEMA, 'stage-create': true }],
        ['POST', `${namespace}/register`, { name: 'new', 'metadata-location': metadataLocation }],
        [
          'POST',
          `${namespace}/register`,
          { name: id.name, 'metadata-location': metadataLocation, overwrite: true },
        ],
        ['DELETE', `${namespace}/tables/${id.name}?purgeRequested=true`, undefined],
        [
          'POST',
          `${prefix}/tables/rename`,
          { source: id, destination: { namespace: id.namespace, name: 'new' } },
        ],
        ['POST', `${namespace}/views`, view],
      ] as const) {
        expect([path, (await fixture.call(method, path, body)).status]).toEqual([path, 403]);
      }
      expect(
        (
          await fixture.call('POST', `${namespace}/tables/${id.name}/metrics`, {
            'report-type': 'scan-report',
          })
        ).status,
      ).toBe(204);
      expect((await fixture.call('HEAD', `${namespace}/tables/${id.name}`)).status).toBeLessThan(300);
    }
    expect((await fixture.client.loadTable(table))?.metadataLocation).toBe(metadataLocation);
  });
});
