// Goal: whoever reaches the catalog gets no further than its tables, and nobody can hold it up. Method:
// hostile requests, over HTTP and over bare sockets, on both stores where the store sees the text.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startCatalog } from '../../src/catalog/index.ts';
import type { TableIdentifier } from '../../src/iceberg/table-metadata.ts';
import { withoutSlash } from '../../src/model/without-slash.ts';
import { type PreparedStore, STORES } from '../suites/catalog-stores.ts';
import { catalogClient } from '../support/catalog-client.ts';
import { append, type CatalogFixture, createTable, openCatalog, type Reply, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog({
    limits: { headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 100 },
  });
  await fixture.client.createNamespace(['facts']);
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);
const create = (body: Record<string, unknown>): Promise<Reply> =>
  call('POST', 'psyberg/namespaces/facts/tables', { schema: SCHEMA, ...body });
const commit = ({ name }: TableIdentifier, updates: unknown[]): Promise<Reply> =>
  call('POST', `psyberg/namespaces/facts/tables/${name}`, { requirements: [], updates });

describe('places', () => {
  /** `{w}` stands for the warehouse. Each would be a file or folder outside every table's own. */
  const OUTSIDE = [
    '/etc/psyberg',
    '{w}/../x',
    '{w}/a/./b',
    '{w}/%2e%2e/x',
    'file://{w}/%2E./x',
    'file:{w}/../../x',
    'FILE:///etc/x',
    'file://localhost/etc/x',
    'file:relative',
    '{w}',
    'file://{w}/',
    '{w}/catalog.db',
    '{w}/catalog.db-wal',
    '{w}/.psyberg/sessions/x',
    '{w}-beside/x',
    '{w}/out/x',
    '{w}/out-soon/x',
    '{w}/round/x',
    's3://bucket/x',
    'https://example.com/x',
    `{w}/${'long/'.repeat(300)}`,
  ];
  const placeOf = (template: string): string => template.replace('{w}', fixture.warehouse);
  const refused = (reply: Reply): boolean =>
    reply.status === 403 || (reply.status === 400 && /location/i.test(reply.body.error.message));

  beforeAll(() => {
    symlinkSync('/etc', join(fixture.warehouse, 'out'));
    symlinkSync('/tmp/psyberg-not-there-yet', join(fixture.warehouse, 'out-soon'));
    symlinkSync('round', join(fixture.warehouse, 'round'));
  });
  it.each(OUTSIDE)(
    '%s is refused as the location of a table, a namespace, a staged table and a move',
    async (template) => {
      const location = placeOf(template);
      expect(await create({ name: 'outside', location })).toSatisfy(refused);
      expect(await create({ name: 'outside', location, 'stage-create': true })).toSatisfy(refused);
      const table = await createTable(fixture);
      expect(await commit(table, [{ action: 'set-location', location }])).toSatisfy(refused);
      expect(
        await call('POST', 'psyberg/namespaces', { namespace: ['outside'], properties: { location } }),
      ).toSatisfy((reply: Reply) => reply.status === 403 || reply.status === 400);
      const updates = { location };
      expect(await call('POST', 'psyberg/namespaces/facts/properties', { updates })).toSatisfy(
        (reply: Reply) => reply.status === 403 || reply.status === 400,
      );
      expect(await fixture.client.tableExists({ namespace: ['facts'], name: 'outside' })).toBe(false);
    },
  );
  it.each([
    'write.data.path',
    'write.metadata.path',
    'write.object-storage.path',
    'write.folder-storage.path',
  ])('%s cannot send files elsewhere', async (property) => {
    expect(await create({ name: 'outside', properties: { [property]: '/etc/x' } })).toSatisfy(refused);
    const table = await createTable(fixture);
    for (const path of ['/etc/x', `${fixture.warehouse}/../x`, `${fixture.warehouse}/out/x`]) {
      expect(await commit(table, [{ action: 'set-properties', updates: { [property]: path } }])).toSatisfy(
        refused,
      );
    }
    expect(
      (
        await commit(table, [
          { action: 'set-properties', updates: { [property]: `${fixture.warehouse}/facts/elsewhere` } },
        ])
      ).status,
    ).toBe(200);
  });
  it('a metadata file outside is not registered, nor one inside that points outside', async () => {
    const table = await createTable(fixture);
    const loaded = await fixture.client.loadTable(table);
    const text = readFileSync(loaded?.metadataLocation as string, 'utf8');
    const outside = `${fixture.warehouse}-outside`;
    mkdirSync(outside);
    writeFileSync(join(outside, '00000-a.metadata.json'), text);
    symlinkSync(outside, join(fixture.warehouse, 'linked'));
    const register = (name: string, location: string): Promise<Reply> =>
      call('POST', 'psyberg/namespaces/facts/register', { name, 'metadata-location': location });
    try {
      expect((await register('r1', join(outside, '00000-a.metadata.json'))).status).toBe(403);
      expect((await register('r2', join(fixture.warehouse, 'linked', '00000-a.metadata.json'))).status).toBe(
        403,
      );
      const inside = join(fixture.warehouse, 'inside.metadata.json');
      writeFileSync(
        inside,
        text.replace(`"location":"${fixture.warehouse}/facts/${table.name}"`, '"location":"/etc"'),
      );
      expect((await register('r3', inside)).status).toBe(403);
      writeFileSync(
        join(fixture.warehouse, 'property.metadata.json'),
        text
          .replace('"properties":{', '"properties":{"write.data.path":"/etc","x":"y"')
          .replace('"y""', '"y","'),
      );
      expect(
        (await register('r4', join(fixture.warehouse, 'property.metadata.json'))).status,
      ).toBeGreaterThanOrEqual(400);
      // Unless the one who starts the catalog says so.
      const allowing = await openCatalog({ allowedLocations: [outside, fixture.warehouse] });
      await allowing.client.createNamespace(['facts']);
      const reply = await allowing.call('POST', 'psyberg/namespaces/facts/register', {
        name: 'r1',
        'metadata-location': join(outside, '00000-a.metadata.json'),
      });
      expect([reply.status, reply.body.metadata?.['table-uuid']]).toEqual([
        200,
        loaded?.metadata['table-uuid'],
      ]);
      await allowing.close();
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
  it('a purge deletes no folder that another table lives in, however its location is spelled', async () => {
    const [w, inner] = [fixture.warehouse, 'facts/outer/inner'];
    await create({ name: 'outer', location: `${w}/facts/outer` });
    await create({ name: 'inner', location: `file:${w}//${inner}` });
    await fixture.client.dropTable({ namespace: ['facts'], name: 'outer' }, { purge: true });
    expect(await fixture.client.tableExists({ namespace: ['facts'], name: 'inner' })).toBe(true);
    await fixture.client.dropTable({ namespace: ['facts'], name: 'inner' }, { purge: true });
    expect(existsSync(join(w, inner))).toBe(false);
  });
  it('a purge deletes no rows of a table that keeps its metadata elsewhere', async () => {
    const w = fixture.warehouse;
    await create({ name: 'around', location: `${w}/a/around` });
    await create({
      name: 'within',
      location: `${w}/a/around/within`,
      properties: { 'write.metadata.path': `${w}/meta/within` },
    });
    await create({ name: 'by_path', properties: { 'write.data.path': `${w}/a/around/rows` } });
    for (const rows of ['within/data', 'rows']) mkdirSync(join(w, 'a/around', rows), { recursive: true });
    for (const [dropped, kept] of [
      ['around', true],
      ['within', false],
    ] as const) {
      await fixture.client.dropTable({ namespace: ['facts'], name: dropped }, { purge: true });
      expect(existsSync(join(w, 'a/around/within/data'))).toBe(kept);
    }
    expect(existsSync(join(w, 'a/around/rows'))).toBe(true);
  });
  it('a purge leaves the rows of a table that says gc.enabled=false, and takes its metadata files', async () => {
    const table = await createTable(fixture, { 'gc.enabled': 'false' });
    await commit(table, [{ action: 'set-properties', updates: { a: 'b' } }]);
    const folder = join(fixture.warehouse, 'facts', table.name);
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'rows.parquet'), 'rows');
    await fixture.client.dropTable(table, { purge: true });
    expect([readdirSync(join(folder, 'data')), readdirSync(join(folder, 'metadata'))]).toEqual([
      ['rows.parquet'],
      [],
    ]);
  });
  it('an allowed folder that holds the warehouse opens neither the warehouse itself nor what the catalog keeps in it', async () => {
    const above = mkdtempSync(join(tmpdir(), 'psyberg-above-'));
    onTestFinished(() => rmSync(above, { recursive: true }));
    const warehouse = join(above, 'deep', 'wh');
    const catalog = await startCatalog({ warehouse, allowedLocations: [above] });
    onTestFinished(() => catalog.close());
    const client = catalogClient({ uri: catalog.uri, token: catalog.token, prefix: 'psyberg' });
    await client.createNamespace(['facts']);
    for (const place of ['deep', 'deep/wh', 'deep/wh/catalog.db-x', 'deep/wh/.psyberg/sessions'])
      await expect(
        client.createTable(
          { namespace: ['facts'], name: 't' },
          { schema: SCHEMA, location: join(above, place) },
        ),
        place,
      ).rejects.toMatchObject({ code: 'forbidden' });
    for (const [index, place] of ['deep/wh/x', 'beside/x'].entries())
      await client.createTable(
        { namespace: ['facts'], name: `t${index}` },
        { schema: SCHEMA, location: join(above, place) },
      );
  });
  it('a location of very many slashes holds nobody up', () => {
    // A regular expression took a minute for as many.
    expect(withoutSlash(`/tmp${'/'.repeat(1_000_000)}x`)).toHaveLength(1_000_005);
    expect([withoutSlash('/a/b//'), withoutSlash('//'), withoutSlash('')]).toEqual(['/a/b', '/', '']);
  });
  it('numbers that other clients have no room for are wrong requests, and so is an unknown sort order', async () => {
    const table = await createTable(fixture);
    const summary = { operation: 'append' };
    const added = (fields: string): string =>
      `{"requirements":[],"updates":[{"action":"add-snapshot","snapshot":{"timestamp-ms":1,"manifest-list":"/x","summary":${JSON.stringify(summary)},${fields}}}]}`;
    const field = { id: 3_000_000_000, name: 'far', required: false, type: 'long' };
    for (const body of [
      added('"snapshot-id":99999999999999999999,"sequence-number":1'),
      added('"snapshot-id":1,"sequence-number":1000000000000000000000000'),
      {
        requirements: [],
        updates: [{ action: 'add-schema', schema: { ...SCHEMA, fields: [...SCHEMA.fields, field] } }],
      },
      {
        requirements: [],
        updates: [
          {
            action: 'add-sort-order',
            'sort-order': {
              'order-id': 1,
              fields: [
                { 'source-id': 1, transform: 'identity', direction: 'sideways', 'null-order': 'nulls-first' },
              ],
            },
          },
        ],
      },
    ]) {
      const reply = await call('POST', `psyberg/namespaces/facts/tables/${table.name}`, body);
      expect([reply.status, reply.body.error.type], JSON.stringify(body)).toEqual([
        400,
        'BadRequestException',
      ]);
    }
    expect((await fixture.client.loadTable(table))?.metadata).toMatchObject({
      snapshots: [],
      'last-column-id': 2,
    });
  });
  it('a file in the place of a folder is a wrong request', async () => {
    const location = join(fixture.warehouse, 'a-file');
    writeFileSync(location, '');
    const table = await createTable(fixture);
    for (const reply of [
      await create({ name: 'on_file', location }),
      await create({ name: 'on_file', location, 'stage-create': true }),
      await commit(table, [{ action: 'set-location', location }]),
      await commit(table, [{ action: 'set-properties', updates: { 'write.metadata.path': location } }]),
    ])
      expect([reply.status, reply.body.error.type]).toEqual([400, 'BadRequestException']);
    expect(await call('GET', `psyberg/namespaces/facts/tables/${table.name}`)).toMatchObject({ status: 200 });
  });
  it('a folder of too long a name, and a place below a file, are wrong requests; a long name is none', async () => {
    const file = join(fixture.warehouse, 'plain-file');
    writeFileSync(file, '');
    const table = await createTable(fixture);
    for (const reply of [
      await create({ name: 'long', location: `${fixture.warehouse}/${'a'.repeat(256)}` }),
      await create({ name: 'below', location: `${file}/t` }),
      await create({ name: 'below', location: `${file}/t`, 'stage-create': true }),
      await commit(table, [{ action: 'set-location', location: `${file}/t` }]),
      await call('POST', 'psyberg/namespaces/facts/register', {
        name: 'below',
        'metadata-location': `${file}/v1.metadata.json`,
      }),
    ])
      expect([reply.status, reply.body.error.type, reply.body.error.message]).toEqual([
        400,
        'BadRequestException',
        expect.stringMatching(/^Invalid location/),
      ]);
    for (const name of ['/'.repeat(100), '語'.repeat(100), '語'.repeat(255)])
      expect((await create({ name })).status).toBe(200);
    // Of what lies elsewhere nothing is told.
    for (const location of ['/etc/passwd/t', `${fixture.warehouse}/out/passwd/t`])
      expect((await create({ name: 'below', location })).status).toBe(403);
    expect(
      (await create({ name: 'below', location: `${fixture.warehouse}/${'a/'.repeat(500_000)}` })).status,
    ).toBe(400);
  });
  it('what is no metadata file is a wrong request to register', async () => {
    const folder = join(fixture.warehouse, 'not-metadata');
    mkdirSync(folder);
    writeFileSync(join(folder, '00000-a.gz.metadata.json'), 'not gzip');
    for (const location of [folder, join(folder, '00000-a.gz.metadata.json')]) {
      const reply = await call('POST', 'psyberg/namespaces/facts/register', {
        name: 'nothing',
        'metadata-location': location,
      });
      expect([reply.status, reply.body.error.type], location).toEqual([400, 'BadRequestException']);
    }
  });
  it('metadata whose references dangle are not registered', async () => {
    const table = await createTable(fixture);
    const location = (await fixture.client.loadTable(table))?.metadataLocation as string;
    const dangling = location.replace('00000-', '00001-');
    writeFileSync(
      dangling,
      readFileSync(location, 'utf8').replace('"refs":{}', '"refs":{"lost":{"snapshot-id":7,"type":"tag"}}'),
    );
    const reply = await call('POST', 'psyberg/namespaces/facts/register', {
      name: 'dangling',
      'metadata-location': dangling,
    });
    expect([reply.status, reply.body.error.type, reply.body.error.message]).toEqual([
      400,
      'ValidationException',
      expect.stringContaining('reference lost'),
    ]);
  });
  it("a metadata log of somebody's making deletes no file of another table", async () => {
    const victim = await createTable(fixture);
    const victimFile = (await fixture.client.loadTable(victim))?.metadataLocation as string;
    const table = await createTable(fixture, {
      'write.metadata.delete-after-commit.enabled': 'true',
      'write.metadata.previous-versions-max': '1',
    });
    const own = (await fixture.client.loadTable(table))?.metadataLocation as string;
    const crafted = readFileSync(own, 'utf8').replace(
      '"metadata-log":[]',
      `"metadata-log":[${JSON.stringify({ 'metadata-file': victimFile, 'timestamp-ms': 1 })}]`,
    );
    const file = own.replace('00000-', '00001-');
    writeFileSync(file, crafted);
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/register', {
          name: table.name,
          'metadata-location': file,
          overwrite: true,
        })
      ).status,
    ).toBe(200);
    for (const value of ['1', '2', '3'])
      expect((await commit(table, [{ action: 'set-properties', updates: { a: value } }])).status).toBe(200);
    expect(existsSync(victimFile)).toBe(true);
    // While its own old files go.
    expect(existsSync(own)).toBe(true);
    expect(
      readdirSync(join(fixture.warehouse, 'facts', table.name, 'metadata')).filter((name) =>
        name.startsWith('00002-'),
      ),
    ).toEqual([]);
  });
});

describe.each(STORES)('hostile texts, pointers in $title', ({ missing, prepare }) => {
  describe.skipIf(missing !== undefined)('are answered', () => {
    let prepared: PreparedStore;
    let on: CatalogFixture;
    beforeAll(async () => {
      prepared = await prepare();
      const { url } = await prepared.create();
      on = await openCatalog(url === undefined ? {} : { database: url });
      await on.client.createNamespace(['facts']);
    });
    afterAll(async () => {
      await on?.close();
      await prepared?.close();
    });
    const NAMES = [
      '',
      '..',
      '.',
      '\u0000',
      'a\u0000b',
      'a\u001fb',
      '\u007f',
      'line\nbreak',
      'x'.repeat(256),
      '\ud800',
    ];
    const bodies = (name: string): [string, string, unknown][] => [
      ['POST', 'namespaces', { namespace: [name] }],
      ['POST', 'namespaces', { namespace: ['facts', name] }],
      ['POST', 'namespaces/facts/tables', { name, schema: SCHEMA }],
      ['POST', 'namespaces/facts/register', { name, 'metadata-location': `${on.warehouse}/x.metadata.json` }],
      [
        'POST',
        'tables/rename',
        { source: { namespace: ['facts'], name: 'a' }, destination: { namespace: ['facts'], name } },
      ],
      [
        'POST',
        'tables/rename',
        { source: { namespace: ['facts'], name }, destination: { namespace: ['facts'], name: 'b' } },
      ],
      [
        'POST',
        'transactions/commit',
        { 'table-changes': [{ identifier: { namespace: ['facts'], name }, requirements: [], updates: [] }] },
      ],
    ];
    it.each(NAMES)('with 400 as a name in a body: %j', async (name) => {
      for (const [method, path, body] of bodies(name))
        expect([path, (await on.call(method, `psyberg/${path}`, JSON.stringify(body))).status]).toEqual([
          path,
          400,
        ]);
    });
    // Clients resolve dots in a path before they send it, and bytes that are no text cannot be in one.
    it.each(NAMES.filter((name) => !/^\.*$|[\ud800]/.test(name)))(
      'with 400 as a name in a path: %j',
      async (name) => {
        const encoded = encodeURIComponent(name);
        for (const path of [
          `namespaces/${encoded}/tables/t`,
          `namespaces/facts/tables/${encoded}`,
          `namespaces?parent=${encoded}`,
        ]) {
          if (name === 'a\u001fb' && !path.includes('tables/a')) continue;
          expect([path, (await on.call('GET', `psyberg/${path}`)).status]).toEqual([path, 400]);
        }
        expect(
          (await on.call('DELETE', `psyberg/namespaces/facts/tables/${encoded}?purgeRequested=true`)).status,
        ).toBe(400);
      },
    );
    it.each([
      ['a value without end', { updates: { a: 'x'.repeat(1001) } }],
      ['a key without end', { updates: { ['k'.repeat(256)]: 'x' } }],
      ['NUL', { updates: { a: 'x\u0000y' } }],
      ['no key', { updates: { '': 'x' } }],
    ])('with 400 as properties of a namespace: %s', async (_what, body) => {
      expect((await on.call('POST', 'psyberg/namespaces/facts/properties', body)).status).toBe(400);
    });
    it('as what they are when they only look dangerous', async () => {
      for (const name of [
        "a'; drop table iceberg_tables; --",
        '%',
        '_',
        'a/b',
        'a\\b',
        '😀',
        'select',
        '%2e%2e',
        '__proto__',
        'constructor',
      ]) {
        const encoded = encodeURIComponent(name);
        expect([
          name,
          (await on.call('POST', 'psyberg/namespaces/facts/tables', { name, schema: SCHEMA })).status,
        ]).toEqual([name, 200]);
        const { body } = await on.call('GET', `psyberg/namespaces/facts/tables/${encoded}`);
        expect(body.metadata.location.startsWith(`${on.warehouse}/facts/`)).toBe(true);
        expect(
          (await on.call('DELETE', `psyberg/namespaces/facts/tables/${encoded}?purgeRequested=true`)).status,
        ).toBe(204);
      }
      expect(readdirSync(join(on.warehouse, 'facts'))).toEqual([]);
      const properties = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z"}') as Record<
        string,
        string
      >;
      await on.call(
        'POST',
        'psyberg/namespaces',
        `{"namespace":["proto"],"properties":${JSON.stringify(properties)}}`,
      );
      const kept = async (): Promise<unknown> =>
        Object.entries((await on.call('GET', 'psyberg/namespaces/proto')).body.properties as object).sort();
      expect(await kept()).toEqual(Object.entries(properties).sort());
      const removal = await on.call(
        'POST',
        'psyberg/namespaces/proto/properties',
        '{"removals":["__proto__"],"updates":{"a":"b"}}',
      );
      expect(removal.body).toEqual({ updated: ['a'], removed: ['__proto__'], missing: [] });
      expect(
        (await on.call('POST', 'psyberg/namespaces/proto/properties', '{"updates":{"__proto__":"again"}}'))
          .body.updated,
      ).toEqual(['__proto__']);
      const table = await on.call(
        'POST',
        'psyberg/namespaces/proto/tables',
        `{"name":"t","schema":${JSON.stringify(SCHEMA)},"properties":{"__proto__":"x"}}`,
      );
      expect(Object.entries(table.body.metadata.properties as object)).toContainEqual(['__proto__', 'x']);
    });
  });
});

describe('errors', () => {
  it('repeat neither token nor what lies on this machine', async () => {
    const { token } = fixture.catalog;
    const replies = [
      await call('GET', `psyberg/namespaces/facts/tables/${encodeURIComponent(token)}x`, undefined, {
        authorization: 'Bearer wrong',
      }),
      await call('POST', 'psyberg/namespaces', '{"namespace":'),
      await call('GET', 'psyberg/nothing'),
      await call('POST', 'psyberg/namespaces/facts/register', {
        name: 'x',
        'metadata-location': `${fixture.warehouse}/facts`,
      }),
    ];
    for (const { status, body } of replies) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:|at async|EISDIR/);
      expect(JSON.stringify(body)).not.toContain(token);
    }
  });
});

describe('slow clients', () => {
  const sockets: Socket[] = [];
  afterAll(() => sockets.forEach((socket) => void socket.destroy()));
  /**
   * Opens a connection that sends what `text` says and then a byte at a time. @returns when the server closed
   * it.
   */
  const dawdle = (text: string): Promise<string> =>
    new Promise((closed) => {
      const socket = connect(Number(new URL(fixture.catalog.uri).port), '127.0.0.1');
      sockets.push(socket);
      let answer = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => (answer += String(chunk)));
      const drip = setInterval(() => socket.write('x'), 50);
      socket.on('close', () => {
        clearInterval(drip);
        closed(answer);
      });
      socket.write(text);
    });
  const AUTHORIZED = (): string => `authorization: Bearer ${fixture.catalog.token}\r\n`;

  it('are cut off, and nobody waits for them', async () => {
    const slow = [
      ...Array.from({ length: 60 }, () =>
        dawdle('POST /v1/psyberg/namespaces HTTP/1.1\r\nhost: x\r\nx-endless: '),
      ),
      ...Array.from({ length: 20 }, () =>
        dawdle(
          `POST /v1/psyberg/namespaces HTTP/1.1\r\nhost: x\r\n${AUTHORIZED()}content-length: 100000\r\n\r\n{`,
        ),
      ),
    ];
    const silent = connect(Number(new URL(fixture.catalog.uri).port), '127.0.0.1');
    sockets.push(silent);
    const silentClosed = new Promise((closed) =>
      silent
        .on('error', () => undefined)
        .on('close', closed)
        .resume(),
    );
    const table = await createTable(fixture);
    expect((await fixture.client.commitTable(table, append(1n, null))).metadata['current-snapshot-id']).toBe(
      1n,
    );
    const answers = await Promise.all(slow);
    expect(answers.filter((answer) => answer !== '' && !/^HTTP\/1\.1 (408|400)/.test(answer))).toEqual([]);
    await silentClosed;
  });
  it('that say nothing, or nothing with the token in it, keep nobody out, however many', async () => {
    const few = await openCatalog({ limits: { maxConnections: 10 } });
    onTestFinished(() => few.close());
    const { port } = new URL(few.catalog.uri);
    const crowd = (text: string): Socket[] =>
      Array.from({ length: 40 }, () => {
        const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
        sockets.push(socket);
        socket.write(text);
        return socket.resume();
      });
    /** Over a connection of its own. */
    const ask = (): Promise<number | string | undefined> =>
      new Promise((answered) => {
        const headers = { authorization: `Bearer ${few.catalog.token}` };
        request({ port, host: '127.0.0.1', path: '/v1/config', headers, agent: false }, (response) =>
          answered(response.resume().statusCode),
        )
          .on('error', (error: NodeJS.ErrnoException) => answered(error.code))
          .end();
      });
    for (const text of [
      '',
      'GET /v1/config HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /v1/config HTTP/1.1\r\nhost: ',
    ]) {
      const strangers = crowd(text);
      await Promise.all(
        strangers.map(
          (socket) => new Promise((connected) => socket.on('connect', connected).on('close', connected)),
        ),
      );
      for (let n = 0; n < 20; n += 1) expect([text, await ask()]).toEqual([text, 200]);
      await sleep(50);
      expect(strangers.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(10);
    }
  });
  it('that vanish in the middle of a request or an answer leave the server whole', async () => {
    const { port } = new URL(fixture.catalog.uri);
    for (let n = 0; n < 30; n += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `GET /v1/psyberg/namespaces HTTP/1.1\r\nhost: x\r\n${AUTHORIZED()}${n % 2 === 0 ? '\r\n' : ''}`,
      );
      await sleep(n % 5);
      socket.resetAndDestroy();
    }
    expect((await call('GET', 'psyberg/namespaces')).status).toBe(200);
  });
  it('cannot make it read a header without end', async () => {
    const response = await fetch(`${fixture.catalog.uri}/v1/config`, {
      headers: { authorization: `Bearer ${'x'.repeat(30_000)}` },
    }).catch(() => undefined);
    expect(response?.status ?? 431).toBe(431);
  });
});
