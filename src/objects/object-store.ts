/**
 * Reads, writes, lists and deletes objects of stores that speak the S3 protocol. Location -> bytes. No
 * object is ever overwritten, renamed or appended to, and there are no folders, so nothing is used that a
 * store lacks. DuckDB reads and writes the data, but it overwrites existing objects, and has no statement
 * that deletes.
 */
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { AwsClient } from 'aws4fetch';
import { fewAtOnce } from '../model/few-at-once.ts';
import type { StorageSource } from '../model/storage-settings.ts';
import { type AskOptions, asking, type ObjectRequest, type StoreProtocol, type Want } from './ask-store.ts';
import { bucketAddress, keysOf } from './endpoint.ts';
import { CONFLICT, isPassing, s3Words, storeFault } from './faults.ts';
import { deletion, faultText, readListing, undeleted } from './listing.ts';
import { encodedKey, type ObjectLocation, objectLocation } from './location.ts';

export interface StoredObject {
  readonly location: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
}
/**
 * Its methods throw `storage-keys-missing`, `storage-denied`, `storage-untrusted`, `bucket-missing`,
 * `storage-unreachable`.
 */
export interface ObjectStore {
  /** Undefined if it does not exist. */
  read(location: string): Promise<Buffer | undefined>;
  exists(location: string): Promise<boolean>;
  /** False if an object of that name already existed: it stays as it is. */
  writeNew(location: string, content: string | Uint8Array): Promise<boolean>;
  /** Lists every object whose location begins with exactly this text. */
  list(prefix: string): Promise<StoredObject[]>;
  /** Objects that are already gone are no error. */
  remove(locations: readonly string[]): Promise<void>;
  /** Undefined if it does not exist. */
  checksum(location: string): Promise<ObjectChecksum | undefined>;
  /** Uploads a file of this machine, of at most 5 GiB; the store refuses content with another checksum. */
  upload(path: string, location: string, md5: Buffer): Promise<void>;
  /** Writes the object to a new file. Throws `storage-unreachable` if it does not exist. */
  download(location: string, path: string): Promise<void>;
}
export interface ObjectChecksum {
  readonly bytes: number;
  /**
   * In hexadecimal digits; undefined for an object that was written in parts or is encrypted with its own
   * key.
   */
  readonly md5: string | undefined;
}

/**
 * Small objects are written one at a time, and so over one connection. A commit writes four, one for each of
 * its tables: behind TLS a second connection takes two or three answers' time to open, and saves two.
 */
const WRITTEN_AT_ONCE = 1;
/** Codes that a store may use for an object that does not exist. */
const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', '']);
/** The most objects that one request deletes (S3 API, DeleteObjects). */
const DELETED_AT_ONCE = 1000;

/** `settings`: called for each request, as keys may be renewed. */
export function objectStore(settings: StorageSource, options?: AskOptions): ObjectStore {
  const want = asking(S3, settings, options);
  return { ...smallObjects(want), ...wholeFiles(want), list: (prefix) => listed(want, prefix) };
}

const S3: StoreProtocol = {
  open(place, settings) {
    const { url, region } = bucketAddress(place, settings);
    const client = new AwsClient({ ...keysOf(place, settings), service: 's3', region, retries: 0 });
    return {
      address: new URL(url).origin,
      sign: (request) => signed(client, `${url}/${encodedKey(place.key)}`, request),
    };
  },
  isPassing: (answer) => isPassing(answer) || answer.status === CONFLICT,
  fault: storeFault,
  words: s3Words,
};

async function signed(
  client: AwsClient,
  url: string,
  { method, query = {}, headers = {}, body }: ObjectRequest,
): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }> {
  const search = new URLSearchParams(query).toString();
  const request = await client.sign(search === '' ? url : `${url}?${search}`, {
    method,
    headers: {
      ...headers,
      // Without it the signer leaves the content unsigned, which is not allowed over plain HTTP.
      'x-amz-content-sha256': await sha256Of(body),
    },
  });
  return { url: request.url, headers: Object.fromEntries(request.headers) };
}

async function sha256Of(body: Buffer | Blob | undefined): Promise<string> {
  const hash = createHash('sha256');
  if (body instanceof Blob) for await (const part of body.stream()) hash.update(part);
  else hash.update(body ?? '');
  return hash.digest('hex');
}

function smallObjects(want: Want): Pick<ObjectStore, 'read' | 'exists' | 'writeNew' | 'remove'> {
  const read = async (location: string): Promise<Buffer | undefined> => {
    const { answer, fault } = await want(placeOf(location), { method: 'GET' }, 200, 404);
    if (answer.status === 200) return answer.body;
    // Some stores also answer 404 for an unknown bucket or access key: that is not a missing object.
    if (!ABSENT.has(faultText(answer.body.toString()).code)) throw fault();
    return undefined;
  };
  const few = fewAtOnce(WRITTEN_AT_ONCE);
  return {
    read,
    async exists(location) {
      // Not HEAD: its answer has no body, so a missing bucket or access key could not be told from a missing
      // object.
      const first = { method: 'GET', headers: { range: 'bytes=0-0' } } as const;
      const { answer, fault } = await want(placeOf(location), first, 200, 206, 416, 404);
      if (answer.status === 404 && !ABSENT.has(faultText(answer.body.toString()).code)) throw fault();
      return answer.status !== 404;
    },
    async writeNew(location, content) {
      const body = Buffer.from(content);
      const headers = { 'if-none-match': '*' };
      const request: ObjectRequest = { method: 'PUT', headers, body };
      const { answer, attempts } = await few(() => want(placeOf(location), request, 200, 412));
      if (answer.status === 200) return true;
      // The answer to an earlier try may have been lost.
      return attempts > 1 && (await read(location))?.equals(body) === true;
    },
    async remove(locations) {
      for (const [bucket, keys] of byBucket(locations))
        for (let first = 0; first < keys.length; first += DELETED_AT_ONCE)
          await removeKeys(want, bucket, keys.slice(first, first + DELETED_AT_ONCE));
    },
  };
}

const wholeFiles = (want: Want): Pick<ObjectStore, 'checksum' | 'upload' | 'download'> => ({
  async checksum(location) {
    const { answer } = await want(placeOf(location), { method: 'HEAD' }, 200, 404);
    if (answer.status === 404) return undefined;
    const { headers } = answer;
    const [, md5] = /^"?([0-9a-f]{32})"?$/.exec(headers.get('etag') ?? '') ?? [];
    // With a customer's key the tag looks the same but is another checksum (S3 API, "ETag").
    const hasKey =
      (headers.get('x-amz-server-side-encryption') ?? 'AES256') !== 'AES256' ||
      headers.has('x-amz-server-side-encryption-customer-algorithm');
    return { bytes: Number(headers.get('content-length')), md5: hasKey ? undefined : md5 };
  },
  async upload(path, location, md5) {
    const body = await openAsBlob(path);
    const headers = { 'content-md5': md5.toString('base64') };
    await want(placeOf(location), { method: 'PUT', headers, body }, 200);
  },
  async download(location, path) {
    await want(placeOf(location), { method: 'GET', into: path }, 200);
  },
});

async function listed(want: Want, prefix: string): Promise<StoredObject[]> {
  const { scheme, bucket, key } = placeOf(prefix);
  const found: StoredObject[] = [];
  for (let token: string | undefined; ; ) {
    const query = {
      'list-type': '2',
      'encoding-type': 'url',
      prefix: key,
      ...(token === undefined ? {} : { 'continuation-token': token }),
    };
    const { answer } = await want({ scheme, bucket, key: '' }, { method: 'GET', query }, 200);
    const { objects, next } = readListing(answer.body.toString());
    for (const { key: each, ...object } of objects)
      found.push({ location: `${scheme}://${bucket}/${each}`, ...object });
    if (next === undefined) return found;
    token = next;
  }
}

async function removeKeys(want: Want, bucket: ObjectLocation, keys: readonly string[]): Promise<void> {
  const [only] = keys;
  if (only === undefined) return;
  // Google's stores only delete one object per request.
  if (keys.length === 1 || bucket.scheme === 'gs') {
    for (const key of keys) await want({ ...bucket, key }, { method: 'DELETE' }, 204, 200, 404);
    return;
  }
  const body = Buffer.from(deletion(keys));
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const request: ObjectRequest = { method: 'POST', query: { delete: '' }, headers, body };
  const { answer, address } = await want(bucket, request, 200);
  const [left] = undeleted(answer.body.toString()).filter(({ code }) => code !== 'NoSuchKey');
  if (left !== undefined)
    throw storeFault(bucket, address, {
      status: 403,
      headers: answer.headers,
      body: Buffer.from(`<Code>${left.code}</Code>`),
    });
}

/** Groups keys by bucket. */
function byBucket(locations: readonly string[]): Map<ObjectLocation, string[]> {
  const buckets = new Map<string, readonly [ObjectLocation, string[]]>();
  for (const location of new Set(locations)) {
    const { scheme, bucket, key } = placeOf(location);
    const name = `${scheme}://${bucket}`;
    const known = buckets.get(name) ?? [{ scheme, bucket, key: '' }, []];
    known[1].push(key);
    buckets.set(name, known);
  }
  return new Map(buckets.values());
}

function placeOf(location: string): ObjectLocation {
  const place = objectLocation(location);
  if (place === undefined) throw new Error(`no place in an object store: ${location}`);
  return place;
}
