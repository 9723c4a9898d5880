// Goal: whoever reaches the catalog gets no further than its tables, and nobody can hold it up. Method:
// hostile texts, over HTTP and over bare sockets, on both stores where the store sees the text.
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type PreparedStore, STORES } from '../suites/catalog-stores.ts';
import { append, type CatalogFixture, createTable, openCatalog, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog({
    limits: { headersTimeout: 400, requestTimeout: 800, connectionsCheckingInterval: 100 },
  });
  await fixture.client.createNamespace(['facts']);
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);

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
