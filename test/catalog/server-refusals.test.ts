// Goal: whoever has no business with the catalog is refused, and nobody keeps it from serving others. Method: plain
// HTTP against a running catalog, well-formed and not.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, createTable, errorType, openCatalog, SCHEMA, tablePath } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());
const call: CatalogFixture['call'] = (...parameters) => fixture.call(...parameters);

describe('security', () => {
  it.each([undefined, 'Bearer wrong', 'Bearer ', 'Basic abc'])(
    'answers 401 to the authorization %s',
    async (authorization) => {
      const response = await fetch(`${fixture.catalog.uri}/v1/config`, {
        headers: authorization === undefined ? {} : { authorization },
      });
      expect([response.status, ((await response.json()) as { error: { type: string } }).error.type]).toEqual([
        401,
        'NotAuthorizedException',
      ]);
    },
  );
  it.each([
    '/etc/psyberg',
    '/tmp/../etc/x',
    'file:///etc/x',
    's3://bucket/x',
    'relative/x',
    '{w}',
    '{w}/../x',
    '{w}/catalog.db',
    '{w}-beside/x',
    'file://{w}/a/%2e%2e/../../x',
  ])('refuses the location %s', async (template) => {
    const location = template.replace('{w}', fixture.warehouse);
    await fixture.client.createNamespace(['facts']);
    expect(
      errorType(
        await call('POST', 'psyberg/namespaces/facts/tables', { name: 'outside', schema: SCHEMA, location }),
      ),
    ).toEqual([403, 'ForbiddenException']);
    const id = await createTable(fixture);
    expect(
      (
        await call('POST', tablePath(id.name), {
          requirements: [],
          updates: [{ action: 'set-location', location }],
        })
      ).status,
    ).toBe(403);
  });
  it('refuses a location behind a symbolic link, and metadata from outside', async () => {
    symlinkSync('/tmp', join(fixture.warehouse, 'link'));
    const location = join(fixture.warehouse, 'link', 'table');
    expect(
      (await call('POST', 'psyberg/namespaces/facts/tables', { name: 'outside', schema: SCHEMA, location }))
        .status,
    ).toBe(403);
    expect(
      (
        await call('POST', 'psyberg/namespaces/facts/register', {
          name: 'passwd',
          'metadata-location': '/etc/passwd',
        })
      ).status,
    ).toBe(403);
  });
  it('answers with its own words when something unforeseen fails', async () => {
    const id = await createTable(fixture);
    const folder = join(fixture.warehouse, 'facts', id.name, 'metadata');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'broken.metadata.json'), '{"secret":');
    const reply = await call('POST', 'psyberg/namespaces/facts/register', {
      name: 'broken',
      'metadata-location': join(folder, 'broken.metadata.json'),
    });
    expect(JSON.stringify(reply.body)).not.toContain('secret');
    expect(reply.status).toBeGreaterThanOrEqual(400);
  });
  it('answers 404 and 405 outside its routes, and 400 to a path that cannot be decoded', async () => {
    expect((await call('GET', 'psyberg/nothing')).status).toBe(404);
    for (const [method, path] of [
      ['PATCH', 'psyberg/namespaces'],
      ['POST', 'config'],
    ] as const)
      expect(errorType(await call(method, path))).toEqual([405, 'UnsupportedOperationException']);
    expect((await call('GET', 'psyberg/namespaces/%ff')).status).toBe(400);
  });
  it('refuses a body that announces more than it may hold before reading it', async () => {
    const { port } = new URL(fixture.catalog.uri);
    const status = await new Promise<number | undefined>((done) => {
      const request = httpRequest(
        {
          port,
          host: '127.0.0.1',
          method: 'POST',
          path: '/v1/psyberg/namespaces',
          headers: { authorization: `Bearer ${fixture.catalog.token}`, 'content-length': 1e10 },
        },
        (response) => done(response.statusCode),
      );
      request.on('error', () => undefined);
      request.write('{');
    });
    expect(status).toBe(413);
  });
  it('serves others while somebody sends half a request', async () => {
    const { port } = new URL(fixture.catalog.uri);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /v1/psyberg/namespaces HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n');
    expect((await call('GET', 'config')).status).toBe(200);
    socket.destroy();
  });
});
