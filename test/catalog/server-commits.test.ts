// Goal: commits are those of the REST specification: all of their changes or none. Method: plain HTTP against a
// running catalog.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  append,
  type CatalogFixture,
  createTable,
  errorType,
  openCatalog,
  SCHEMA,
  tablePath,
} from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);

describe('commits', () => {
  it('write the next metadata file, remember the last one, and keep every digit of a snapshot id', async () => {
    const id = await createTable(fixture);
    const before = await fixture.client.loadTable(id);
    const snapshotId = 9223372036854775807n;
    const after = await fixture.client.commitTable(id, append(snapshotId, null, { 'sequence-number': 1n }));
    expect(after.metadataLocation).toMatch(/\/00001-[^/]*\.metadata\.json$/);
    expect(after.metadata['metadata-log']?.at(-1)?.['metadata-file']).toBe(before?.metadataLocation);
    expect(readFileSync(after.metadataLocation, 'utf8')).toContain(
      '"current-snapshot-id":9223372036854775807',
    );
    expect((await fixture.client.loadTable(id))?.metadata['current-snapshot-id']).toBe(snapshotId);
  });
  it('answer 409 when the table moved, and leave no file behind', async () => {
    const id = await createTable(fixture);
    await fixture.client.commitTable(id, append(1n, null));
    const folder = join(fixture.warehouse, 'facts', id.name, 'metadata');
    const files = readdirSync(folder).length;
    await expect(fixture.client.commitTable(id, append(2n, null))).rejects.toMatchObject({
      code: 'commit-conflict',
      retryable: true,
      kind: 'conflict',
    });
    expect(readdirSync(folder)).toHaveLength(files);
  });
  it('change several tables or none', async () => {
    const [one, two] = [await createTable(fixture), await createTable(fixture)];
    await fixture.client.commitTransaction([
      { identifier: one, ...append(1n, null) },
      { identifier: two, ...append(1n, null) },
    ]);
    await expect(
      fixture.client.commitTransaction([
        { identifier: one, ...append(2n, 1n) },
        { identifier: two, ...append(2n, 7n) },
      ]),
    ).rejects.toMatchObject({
      code: 'commit-conflict',
    });
    for (const id of [one, two])
      expect((await fixture.client.loadTable(id))?.metadata['current-snapshot-id']).toBe(1n);
    expect((await call('POST', 'psyberg/transactions/commit', { 'table-changes': [] })).status).toBe(204);
    await expect(
      fixture.client.commitTransaction([
        { identifier: one, ...append(2n, 1n) },
        { identifier: one, ...append(3n, 2n) },
      ]),
    ).rejects.toMatchObject({ code: 'bad-request' });
  });
  it('delete the metadata files that fall off the log, if the table says so', async () => {
    const id = await createTable(fixture, {
      'write.metadata.previous-versions-max': '1',
      'write.metadata.delete-after-commit.enabled': 'true',
    });
    for (let n = 1n; n <= 5n; n++) await fixture.client.commitTable(id, append(n, n === 1n ? null : n - 1n));
    expect(readdirSync(join(fixture.warehouse, 'facts', id.name, 'metadata'))).toHaveLength(2);
  });
  it.each([
    ['an unknown update', { requirements: [], updates: [{ action: 'paint' }] }],
    ['an unknown requirement', { requirements: [{ type: 'assert-moon' }], updates: [] }],
    ['an update without its fields', { requirements: [], updates: [{ action: 'add-snapshot' }] }],
    ['a body that is a list', []],
    ['a body that is cut off', '{"requirements":['],
    [
      'a body that is nested without end',
      `{"requirements":[],"updates":[{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":${'{"type":"list","element-id":1,"element-required":true,"element":'.repeat(20_000)}"int"${'}'.repeat(20_000)}}]}}]}`,
    ],
    ['an empty body', ''],
    ['bytes that are not text', '\u0000'],
  ])('answer 400 to %s', async (_what, body) => {
    const id = await createTable(fixture);
    expect((await call('POST', tablePath(id.name), body)).status).toBe(400);
  });
  it('take null for what may be left out, and keep none of it', async () => {
    const id = await createTable(fixture);
    const nulls = { 'spec-id': null, 'order-id': null };
    const field = {
      id: 3,
      name: 'c',
      required: false,
      type: 'long',
      doc: null,
      'initial-default': null,
      'write-default': null,
    };
    const updates = [
      {
        action: 'add-schema',
        'last-column-id': null,
        schema: {
          type: 'struct',
          'schema-id': null,
          'identifier-field-ids': null,
          fields: [...SCHEMA.fields, field],
        },
      },
      {
        action: 'add-spec',
        spec: {
          ...nulls,
          fields: [{ 'source-id': 1, 'field-id': null, name: 'part', transform: 'identity' }],
        },
      },
      { action: 'add-sort-order', 'sort-order': { ...nulls, fields: [] } },
    ];
    const reply = await call('POST', tablePath(id.name), { identifier: null, requirements: [], updates });
    expect([reply.status, reply.body.metadata?.schemas[1]?.fields[2]]).toEqual([
      200,
      { id: 3, name: 'c', required: false, type: 'long' },
    ]);
    expect(
      JSON.stringify([reply.body.metadata.schemas, reply.body.metadata['partition-specs']]),
    ).not.toContain('null');
    expect(reply.body.metadata['partition-specs'][1].fields[0]['field-id']).toBe(1000);
    const view = {
      'version-id': 1,
      'timestamp-ms': 1,
      'schema-id': 0,
      summary: {},
      representations: [{ type: 'sql', sql: 'x', dialect: 'd' }],
      'default-namespace': [],
    };
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/views', {
          name: 'of_null',
          schema: SCHEMA,
          'view-version': view,
          properties: {},
        })
      ).status,
    ).toBe(200);
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/views/of_null', {
          identifier: null,
          requirements: null,
          updates: [],
        })
      ).status,
    ).toBe(200);
  });
  it('answer 404 for a table that is gone and accept metrics without keeping them', async () => {
    const id = await createTable(fixture);
    expect(
      (await call('POST', `${tablePath(id.name)}/metrics`, { 'report-type': 'scan-report' })).status,
    ).toBe(204);
    await fixture.client.dropTable(id);
    expect(errorType(await call('POST', tablePath(id.name), append(1n, null)))).toEqual([
      404,
      'NoSuchTableException',
    ]);
  });
});
