// Goal: what a store client does where a store is slow, busy or says no. Method: a server that answers as it is
// told. Against a real one it is tried in object-store.whole.ts.
import { createServer, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { bucketAddress, withEnvironment } from '../../src/objects/endpoint.ts';
import { deletion, readListing } from '../../src/objects/listing.ts';
import { type ObjectStore, objectStore } from '../../src/objects/object-store.ts';
import { storeSettings } from '../support/small-store.ts';

interface Scripted {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const BUSY: Scripted = { status: 503, body: '<Error><Code>SlowDown</Code></Error>' };

async function answering(
  script: (request: IncomingMessage, number: number) => Scripted,
  attempts = 3,
): Promise<{ readonly store: ObjectStore; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { status, body = '', headers = {} } = script(request, asked.length);
    request.resume().on('end', () => {
      response.writeHead(status, headers);
      response.end(request.method === 'HEAD' ? '' : body);
    });
  });
  const settings = await storeSettings(server);
  return { store: objectStore(() => settings, { attempts }), asked };
}

describe('an object store', () => {
  it('is asked again while it is busy, and the answer counts', async () => {
    const { store, asked } = await answering((_request, number) =>
      number < 3 ? BUSY : { status: 200, body: 'found' },
    );
    expect((await store.read('s3://lake/a b/+c'))?.toString()).toBe('found');
    expect(asked).toEqual(Array(3).fill('GET /lake/a%20b/%2Bc'));
  });

  it('that stays busy is an error to be tried again', async () => {
    const { store, asked } = await answering(() => BUSY);
    await expect(store.remove(['s3://lake/one'])).rejects.toMatchObject({
      code: 'storage-unreachable',
      retryable: true,
    });
    expect(asked).toHaveLength(3);
  });

  it('never overwrites, and knows its own object after a lost answer', async () => {
    let kept = 'of another';
    const { store } = await answering((request, number) => {
      if (request.method === 'GET') return { status: 200, body: kept };
      expect(request.headers['if-none-match']).toBe('*');
      return number % 2 === 1 ? BUSY : { status: 412 };
    });
    expect(await store.writeNew('s3://lake/one', 'mine')).toBe(false);
    kept = 'mine';
    const { store: again } = await answering((request, number) =>
      request.method === 'GET' ? { status: 200, body: kept } : number === 1 ? BUSY : { status: 412 },
    );
    expect(await again.writeNew('s3://lake/one', 'mine')).toBe(true);
  });

  it('asks for every page, and decodes names', async () => {
    const page = (key: string, next?: string): string =>
      `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}<Contents><Key>${key}</Key><Size>7</Size><LastModified>2026-11-29T08:00:00.000Z</LastModified></Contents></ListBucketResult>`;
    const { store } = await answering((request) => ({
      status: 200,
      body: request.url?.includes('continuation-token=a%26b')
        ? page('t/h%3D1%25')
        : page('t/a+%26', 'a&amp;b'),
    }));
    expect((await store.list('s3://lake/t/')).map(({ location, bytes }) => [location, bytes])).toEqual([
      ['s3://lake/t/a &', 7],
      ['s3://lake/t/h=1%', 7],
    ]);
  });

  it('takes no other answer for an empty listing', () => {
    expect(() => readListing('<html>welcome</html>')).toThrow('no list');
  });

  it('deletes many at once, whatever their names', async () => {
    const { store, asked } = await answering(() => ({ status: 200, body: '<DeleteResult></DeleteResult>' }));
    await store.remove(Array.from({ length: 1001 }, (_each, index) => `s3://lake/${index}`));
    expect(asked).toEqual(['POST /lake/?delete=', 'DELETE /lake/1000']);
    expect(deletion(['<&'])).toContain('<Key>&lt;&amp;</Key>');
  });

  it('says what it left', async () => {
    const { store } = await answering(() => ({
      status: 200,
      body: '<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>',
    }));
    await expect(store.remove(['s3://lake/a', 's3://lake/b'])).rejects.toMatchObject({
      code: 'storage-denied',
    });
  });

  it.each([
    [404, 'NoSuchBucket', {}, 'bucket-missing', 'make the bucket'],
    [403, 'SignatureDoesNotMatch', {}, 'storage-denied', 'check the keys'],
    [403, 'RequestTimeTooSkewed', {}, 'storage-denied', 'clock'],
    [400, 'ExpiredToken', {}, 'storage-denied', 'expired'],
    [301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }, 'storage-denied', 'eu-west-1'],
  ])('that answers %i %s is one clear error', async (status, code, headers, expected, hint) => {
    const { store } = await answering(() => ({
      status,
      headers,
      body: `<Error><Code>${code}</Code></Error>`,
    }));
    const error = await store.read('s3://lake/one').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expected, hint: expect.stringContaining(hint) });
    expect(JSON.stringify(error)).not.toContain('never-to-be-seen');
  });
});

describe('settings of a store', () => {
  it.each([
    ['s3', 'lake', {}, 'https://lake.s3.us-east-1.amazonaws.com', 'us-east-1'],
    [
      's3',
      'my.lake',
      { 'client.region': 'eu-west-1' },
      'https://s3.eu-west-1.amazonaws.com/my.lake',
      'eu-west-1',
    ],
    ['gs', 'lake', {}, 'https://lake.storage.googleapis.com', 'auto'],
    [
      's3',
      'lake',
      { 's3.endpoint': 'http://h:1/base/', 's3.path-style-access': 'true' },
      'http://h:1/base/lake',
      'us-east-1',
    ],
  ])('lead %s://%s to its address', (scheme, bucket, settings, url, region) => {
    expect(bucketAddress({ scheme, bucket, key: '' }, settings)).toEqual({ url, region });
  });

  it.each(['127.0.0.1:9000', 'http://[::1]:9000', 'http://2130706433'])(
    'want the bucket in the path where the store is at %s',
    (endpoint) => {
      const place = { scheme: 's3', bucket: 'lake', key: '' } as const;
      expect(() => bucketAddress(place, { 's3.endpoint': endpoint })).toThrow(
        expect.objectContaining({
          code: 'storage-setting-invalid',
          hint: expect.stringContaining('s3.path-style-access: "true"'),
        }),
      );
      const settings = { 's3.endpoint': endpoint, 's3.path-style-access': 'true' };
      expect(bucketAddress(place, settings).url).toMatch(/^https?:\/\/[\d.:[\]]+\/lake$/);
    },
  );

  it('take whole keys from the environment, or none', () => {
    const environment = {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      AWS_SESSION_TOKEN: 'c',
      AWS_REGION: 'eu',
    };
    expect(withEnvironment(undefined, environment)).toEqual({
      's3.access-key-id': 'a',
      's3.secret-access-key': 'b',
      's3.session-token': 'c',
      'client.region': 'eu',
    });
    expect(withEnvironment({ 's3.access-key-id': 'x', 'client.region': 'us' }, environment)).toEqual({
      's3.access-key-id': 'x',
      'client.region': 'us',
    });
  });
});
