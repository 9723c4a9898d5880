/**
 * The objects of stores that speak the S3 protocol: read, written once, listed, deleted. Location -> bytes.
 * No object is ever overwritten, renamed or appended to, and there are no folders: nothing that a store
 * lacks. DuckDB reads and writes the data, but overwrites what is there, and has no statement that deletes.
 */
import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import { PsybergError } from '../model/errors.ts';
import { fewAtOnce } from '../model/few-at-once.ts';
import { CA_FILE, type StorageSettings, stallSecondsOf } from '../model/storage-settings.ts';
import { bucketAddress, keysOf } from './endpoint.ts';
import { certificateFault, isPassing, stalled, storeFault, unanswered } from './faults.ts';
import { type StoreAnswer, StoreStalled, sendHttp } from './http.ts';
import { deletion, faultText, readListing, undeleted } from './listing.ts';
import { type ObjectLocation, objectLocation } from './location.ts';

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
  /** Undefined where there is none. */
  read(location: string): Promise<Buffer | undefined>;
  exists(location: string): Promise<boolean>;
  /** False where an object of that name was there already: it stays as it is. */
  writeNew(location: string, content: string | Uint8Array): Promise<boolean>;
  /** Every object whose location begins with this text, as spelled. */
  list(prefix: string): Promise<StoredObject[]>;
  /** Those that are gone already are fine. */
  remove(locations: readonly string[]): Promise<void>;
  /** Undefined where there is none. */
  checksum(location: string): Promise<ObjectChecksum | undefined>;
  /** Writes a file of this machine, of at most 5 GiB; the store refuses what came in otherwise. */
  upload(path: string, location: string, md5: Buffer): Promise<void>;
  /** Writes the object to a new file. Throws `storage-unreachable` where there is none. */
  download(location: string, path: string): Promise<void>;
}
export interface ObjectChecksum {
  readonly bytes: number;
  /** In hexadecimal digits; undefined for an object that was written in parts or has a key of its own. */
  readonly md5: string | undefined;
}

/**
 * Small objects that are written at a time, so over one connection. A commit writes four, one for each of its
 * tables: behind TLS a second connection takes two or three answers' time to open, and saves two.
 */
const WRITTEN_AT_ONCE = 1;
/** What a store may call an object that is not there. */
const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', '']);
/** The most that one request deletes (S3 API, DeleteObjects). */
const DELETED_AT_ONCE = 1000;
/** Requests for one call, the first included, where nothing else is said. */
const ATTEMPTS = 6;
/** Of them, how many may wait in vain: each takes as long as a store may say nothing. */
const STALLS_MAX = 3;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 3_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Of a whole data file. */
const FILE_TIMEOUT_MS = 3_600_000;

/** `settings`: asked for each request, as keys may be renewed. */
export function objectStore(
  settings: () => StorageSettings | Promise<StorageSettings>,
  { attempts: attemptsMax = ATTEMPTS }: { readonly attempts?: number } = {},
): ObjectStore {
  const want: Want = async (location, request, ...statuses) => {
    const reply = await answered(location, await settings(), { ...request, attemptsMax });
    if (!statuses.includes(reply.answer.status)) throw reply.fault();
    return reply;
  };
  return { ...smallObjects(want), ...wholeFiles(want), list: (prefix) => listed(want, prefix) };
}

/** Sends a request. Throws where the answer has none of the statuses. */
type Want = (place: ObjectLocation, request: ObjectRequest, ...statuses: number[]) => Promise<Answered>;

function smallObjects(want: Want): Pick<ObjectStore, 'read' | 'exists' | 'writeNew' | 'remove'> {
  const read = async (location: string): Promise<Buffer | undefined> => {
    const { answer, fault } = await want(placeOf(location), { method: 'GET' }, 200, 404);
    if (answer.status === 200) return answer.body;
    // Also of a bucket, or of a key that it does not know, some stores say 404: that is no missing object.
    if (!ABSENT.has(faultText(answer.body.toString()).code)) throw fault();
    return undefined;
  };
  const few = fewAtOnce(WRITTEN_AT_ONCE);
  return {
    read,
    async exists(location) {
      // An answer to HEAD has no words, and what is said to be missing may be the bucket, or the key.
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
      // The answer to an earlier try may have got lost on its way.
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
    // With a key of somebody's own the tag looks the same and is another sum (S3 API, "ETag").
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
  // Google's stores delete one object a request.
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

/** Keys by the bucket that they are in. */
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

interface ObjectRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Blob;
  /** A file for the body of the answer. */
  readonly into?: string;
}
interface Answered {
  readonly answer: StoreAnswer;
  readonly address: string;
  /** Tries that it took. */
  readonly attempts: number;
  /** The error that the answer is. */
  readonly fault: () => PsybergError;
}

/** Addresses that were waited for in vain, and when that was given up last. */
const silent = new Map<string, number>();
/** For so long one is asked once, and waited for a part of the time. */
const SILENT_FOR_MS = 120_000;
const SILENT_SHARE = 5;

/** Sends a request until the store has an answer that time does not heal. */
async function answered(
  place: ObjectLocation,
  settings: StorageSettings,
  request: ObjectRequest & { readonly attemptsMax: number },
): Promise<Answered> {
  const { url, region } = bucketAddress(place, settings);
  const client = new AwsClient({ ...keysOf(place, settings), service: 's3', region, retries: 0 });
  const address = new URL(url).origin;
  // Whoever ends a session asks for much more: each of it must not wait as long as the first.
  const isSilent = Date.now() - (silent.get(address) ?? 0) < SILENT_FOR_MS;
  const stallMs = (stallSecondsOf(settings) * 1000) / (isSilent ? SILENT_SHARE : 1);
  let stalls = 0;
  for (let attempts = 1; ; attempts += 1) {
    const isLast = attempts === request.attemptsMax;
    try {
      const answer = await send(client, `${url}/${encodedKey(place.key)}`, { ...request, settings, stallMs });
      silent.delete(address);
      if (isLast || !isPassing(answer))
        return { answer, address, attempts, fault: () => storeFault(place, address, answer) };
    } catch (error) {
      if (error instanceof PsybergError) throw error;
      const untrusted = certificateFault(address, error, settings);
      if (untrusted !== undefined) throw untrusted;
      if (error instanceof StoreStalled) {
        stalls += 1;
        if (isLast || isSilent || stalls === STALLS_MAX) {
          silent.set(address, Date.now());
          throw stalled({ address, asked: `${request.method} ${nameOf(place)}`, attempts }, error);
        }
      } else if (isLast) throw unanswered(address, error, settings);
    }
    // Full jitter: clients that were refused together do not come back together.
    await sleep(Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempts));
  }
}

type Sending = ObjectRequest & { readonly settings: StorageSettings; readonly stallMs: number };

async function send(
  client: AwsClient,
  url: string,
  { method, query = {}, headers = {}, body, into, settings, stallMs }: Sending,
): Promise<StoreAnswer> {
  const search = new URLSearchParams(query).toString();
  const asked = search === '' ? url : `${url}?${search}`;
  const isFile = into !== undefined || body instanceof Blob;
  const signed = await client.sign(asked, {
    method,
    headers: {
      ...headers,
      // Said by itself the signer leaves the content unsigned, which plain HTTP does not allow.
      'x-amz-content-sha256': await sha256Of(body),
    },
  });
  return sendHttp({
    method,
    url: signed.url,
    headers: Object.fromEntries(signed.headers),
    body,
    into,
    stallMs,
    // A store that may say nothing for long may take longer for all of it.
    wholeMs: Math.max(2 * stallMs, isFile ? FILE_TIMEOUT_MS : REQUEST_TIMEOUT_MS),
    caFile: settings[CA_FILE],
  });
}

async function sha256Of(body: Buffer | Blob | undefined): Promise<string> {
  const hash = createHash('sha256');
  if (body instanceof Blob) for await (const part of body.stream()) hash.update(part);
  else hash.update(body ?? '');
  return hash.digest('hex');
}

const nameOf = ({ scheme, bucket, key }: ObjectLocation): string => `${scheme}://${bucket}/${key}`;

function placeOf(location: string): ObjectLocation {
  const place = objectLocation(location);
  if (place === undefined) throw new Error(`no place in an object store: ${location}`);
  return place;
}

/** As `encodeURIComponent`, and what that leaves of RFC 3986's reserved characters. */
const encodedKey = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
