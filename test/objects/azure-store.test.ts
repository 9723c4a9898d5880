// Goal: Azure's stores are asked as stores of the S3 protocol are, by whatever opens them, and what they say no to is one
// clear error without a secret. Method: a server that answers as it is told. Against Azurite, which checks
// signatures, it is tried in azure-store.whole.ts.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StorageSettings } from '../../src/model/storage-settings.ts';
import { readBlobs } from '../../src/objects/azure-answers.ts';
import { openInAzure, opensInAzure } from '../../src/objects/azure-requests.ts';
import { azureStore } from '../../src/objects/azure-store.ts';
import { azureLocation, type ObjectLocation } from '../../src/objects/location.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { storeSettings } from '../support/small-store.ts';

interface Scripted {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const BUSY: Scripted = { status: 503, headers: { 'x-ms-error-code': 'ServerBusy' } };
const missing = (code: string): Scripted => ({ status: 404, headers: { 'x-ms-error-code': code } });

const KEY = Buffer.from('never-to-be-seen').toString('base64');
const LAKE = 'abfss://lake@acme.dfs.core.windows.net';

async function answering(
  script: (request: IncomingMessage, number: number, body: Buffer) => Scripted,
  key: StorageSettings = { 'adls.account-key': KEY },
): Promise<{ readonly store: ObjectStore; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const content = await buffer(request);
    const { status, body = '', headers = {} } = script(request, asked.length, content);
    response.writeHead(status, headers);
    response.end(request.method === 'HEAD' ? '' : body);
  });
  const { 's3.endpoint': endpoint = '' } = await storeSettings(server);
  const settings = {
    ...key,
    // Below `localhost` every name is this machine.
    'adls.blob-storage-authority': `.blob.localhost:${new URL(endpoint).port}`,
    'adls.blob-storage-scheme': 'http',
  };
  return { store: azureStore(() => settings, { attempts: 3 }), asked };
}

const folderForTest = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-blobs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

describe("Azure's store", () => {
  it('is asked at the account, again while it is busy', async () => {
    const { store, asked } = await answering((request, number) => {
      expect(request.headers.host).toMatch(/^acme\.blob\.localhost:/);
      expect(request.headers.authorization).toMatch(/^SharedKey acme:/);
      return number < 3 ? BUSY : { status: 200, body: 'found' };
    });
    expect((await store.read(`${LAKE}/a b/+c`))?.toString()).toBe('found');
    expect(asked).toEqual(Array(3).fill('GET /lake/a%20b/%2Bc'));
  });

  it.each<[string, StorageSettings, (request: IncomingMessage) => void]>([
    [
      'a signature',
      { 'adls.sas-token.acme': '?sv=1&sig=s' },
      ({ url, headers }) => {
        expect(url).toBe('/lake/one?sv=1&sig=s');
        expect(headers.authorization).toBeUndefined();
      },
    ],
    ['a token', { 'adls.token': 't' }, ({ headers }) => expect(headers.authorization).toBe('Bearer t')],
  ])('is opened by %s', async (_what, key, look) => {
    const { store } = await answering((request) => {
      look(request);
      return { status: 200 };
    }, key);
    expect(await store.exists(`${LAKE}/one`)).toBe(true);
  });

  it('knows a blob that is not there from a container that is not', async () => {
    const { store } = await answering(({ url }) =>
      missing(url?.includes('one') ? 'BlobNotFound' : 'ContainerNotFound'),
    );
    expect(await store.read(`${LAKE}/one`)).toBeUndefined();
    expect(await store.exists(`${LAKE}/one`)).toBe(false);
    expect(await store.checksum(`${LAKE}/one`)).toBeUndefined();
    for (const ask of [
      () => store.read(`${LAKE}/two`),
      () => store.exists(`${LAKE}/two`),
      () => store.list(`${LAKE}/t/`),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'bucket-missing' });
  });

  it('never overwrites, and knows its own blob after a lost answer', async () => {
    const taken = { status: 409, headers: { 'x-ms-error-code': 'BlobAlreadyExists' } };
    let kept = 'of another';
    const script = (request: IncomingMessage, number: number): Scripted => {
      if (request.method === 'GET') return { status: 200, body: kept };
      expect(request.headers).toMatchObject({ 'if-none-match': '*', 'x-ms-blob-type': 'BlockBlob' });
      return number % 2 === 1 ? BUSY : taken;
    };
    const { store } = await answering(script);
    expect(await store.writeNew(`${LAKE}/one`, 'mine')).toBe(false);
    kept = 'mine';
    const { store: again } = await answering(script);
    expect(await again.writeNew(`${LAKE}/one`, 'mine')).toBe(true);
    const { store: first } = await answering(() => taken);
    expect(await first.writeNew(`${LAKE}/one`, 'mine')).toBe(false);
  });

  it('is listed page by page, with names as they are, and without folders', async () => {
    const blob = (name: string, more = ''): string =>
      `<Blob>${name}<Properties><Last-Modified>Mon, 30 Nov 2026 08:00:00 GMT</Last-Modified><Content-Length>7</Content-Length>${more}</Properties></Blob>`;
    const page = (blobs: string, next = ''): string =>
      `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="lake"><Blobs>${blobs}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`;
    const { store, asked } = await answering((request) => ({
      status: 200,
      body: request.url?.includes('marker=a%26b')
        ? page(blob('<Name Encoded="true">t/%EF%BF%BE</Name>') + blob('<Name>t/folder</Name>', FOLDER))
        : page(blob('<Name>t/a &amp;+</Name>'), 'a&amp;b'),
    }));
    expect(await store.list(`${LAKE}/t/`)).toEqual(
      ['t/a &+', 't/\uFFFE'].map((key) => ({
        location: `${LAKE}/${key}`,
        bytes: 7,
        modifiedAtMs: Date.parse('2026-11-30T08:00:00Z'),
      })),
    );
    expect(asked[0]).toBe('GET /lake?restype=container&comp=list&prefix=t%2F');
    expect(() => readBlobs('<html>welcome</html>')).toThrow('no list');
  });

  it('is rid of all that goes, whatever is gone already, before it says what stays', async () => {
    const { store, asked } = await answering(({ url }) => {
      if (url?.endsWith('/0')) return { status: 403, headers: { 'x-ms-error-code': 'AuthorizationFailure' } };
      return url?.endsWith('/1') ? missing('BlobNotFound') : { status: 202 };
    });
    const all = Array.from({ length: 20 }, (_each, index) => `${LAKE}/${index}`);
    await expect(store.remove([...all, ...all])).rejects.toMatchObject({ code: 'storage-denied' });
    expect(asked.sort()).toEqual(all.map((each) => `DELETE /lake/${each.slice(LAKE.length + 1)}`).sort());
  });

  it('takes whole files, and gives them', async () => {
    const file = join(folderForTest(), 'file');
    writeFileSync(file, 'whole');
    const md5 = createHash('md5').update('whole').digest();
    let kept: Buffer = Buffer.alloc(0);
    const { store } = await answering((request, _number, body) => {
      if (request.method === 'PUT') {
        expect(request.headers['content-md5']).toBe(md5.toString('base64'));
        kept = body;
        return { status: 201 };
      }
      const headers = { 'content-md5': md5.toString('base64'), 'content-length': String(kept.length) };
      return { status: 200, headers, body: kept.toString() };
    });
    await store.upload(file, `${LAKE}/file`, md5);
    expect(await store.checksum(`${LAKE}/file`)).toEqual({ bytes: 5, md5: md5.toString('hex') });
    await store.download(`${LAKE}/file`, `${file}.back`);
    expect(readFileSync(`${file}.back`, 'utf8')).toBe('whole');
  });

  it.each([
    [404, 'ContainerNotFound', 'bucket-missing', 'make the container'],
    [403, 'AuthenticationFailed', 'storage-denied', 'adls.sas-token'],
    [403, 'AuthorizationPermissionMismatch', 'storage-denied', 'what it may do'],
    [401, 'InvalidAuthenticationInfo', 'storage-denied', 'expired'],
    [500, 'InternalError', 'storage-unreachable', 'run the same command again'],
  ])('that answers %i %s is one clear error', async (status, code, expected, hint) => {
    const { store } = await answering(
      () => ({ status, body: `<Error><Code>${code}</Code><Message>sig=never-to-be-seen</Message></Error>` }),
      { 'adls.sas-token': 'sig=never-to-be-seen' },
    );
    const error = await store.read(`${LAKE}/one`).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expected, hint: expect.stringContaining(hint) });
    expect(JSON.stringify(error)).not.toContain('never-to-be-seen');
  });
});

const FOLDER = '<ResourceType>directory</ResourceType>';

const addressOf = async (location: string, settings: StorageSettings): Promise<string> =>
  (await openInAzure(azureLocation(location) as ObjectLocation, settings).sign({ method: 'GET' })).url;

describe('where a container is', () => {
  it.each<[string, StorageSettings, string]>([
    [`${LAKE}/a`, { 'adls.account-key': KEY }, 'https://acme.blob.core.windows.net/lake/a'],
    [
      'abfss://lake@acme.dfs.core.windows.net',
      { 'adls.account-key': KEY },
      'https://acme.blob.core.windows.net/lake',
    ],
    [
      'az://lake/a',
      { 'adls.account-name': 'acme', 'adls.account-key': KEY },
      'https://acme.blob.core.windows.net/lake/a',
    ],
    [
      'abfss://workspace@onelake.dfs.fabric.microsoft.com/a',
      { 'adls.token': 't' },
      'https://onelake.blob.fabric.microsoft.com/workspace/a',
    ],
    [
      `${LAKE}/a`,
      {
        'adls.connection-string': `DefaultEndpointsProtocol=http;AccountName=acme;AccountKey=${KEY}==;EndpointSuffix=localhost:1`,
      },
      'http://acme.blob.localhost:1/lake/a',
    ],
    [
      `${LAKE}/a`,
      { 'adls.connection-string': 'BlobEndpoint=http://127.0.0.1:1/acme/;SharedAccessSignature=sv=1&sig=s' },
      'http://127.0.0.1:1/acme/lake/a?sv=1&sig=s',
    ],
  ])('%s', async (location, settings, url) => {
    expect(opensInAzure(location, settings)).toBe(true);
    expect(await addressOf(location, settings)).toBe(url);
  });

  it.each<[string, StorageSettings]>([
    ['abfss://lake/a', { 'adls.account-key': KEY }],
    ['az://acme.blob.core.windows.net/lake/a', { 'adls.account-key': KEY, 'adls.account-name': 'acme' }],
    [`${LAKE}/a`, { 'adls.credentials': 'chain' }],
    [`${LAKE}/a`, { 'adls.connection-string': 'AccountName=acme' }],
    [`${LAKE}/a`, {}],
  ])('is nobody’s business where nothing opens it: %s %j', async (location, settings) => {
    expect(opensInAzure(location, settings)).toBe(false);
    await expect(addressOf(location, settings)).rejects.toMatchObject({ code: 'storage-keys-missing' });
  });
});
