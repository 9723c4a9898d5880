/**
 * Reads and writes the objects of Azure's stores, with the same interface as stores that speak the S3
 * protocol. Location -> bytes. Tables of foreign catalogs lie there, and what a failed session has left in
 * them.
 */
import { openAsBlob } from 'node:fs';
import { fewAtOnce } from '../model/few-at-once.ts';
import type { StorageSource } from '../model/storage-settings.ts';
import { type AskOptions, asking, type StoreProtocol, type Want } from './ask-store.ts';
import { azureFault, codeOfAzure, readBlobs } from './azure-answers.ts';
import { openInAzure } from './azure-requests.ts';
import { isPassing } from './faults.ts';
import { azureLocation, type ObjectLocation } from './location.ts';
import type { ObjectStore, StoredObject } from './object-store.ts';

/** Blobs that are deleted at a time. One request could take 256, but each of them has to be signed anyway. */
const DELETED_AT_ONCE = 8;

const AZURE: StoreProtocol = {
  open: openInAzure,
  isPassing,
  fault: azureFault,
  words: () => ({ endpoint: 'adls.blob-storage-authority', besides: '' }),
};

/** `settings`: called for each request, as keys may be renewed. */
export function azureStore(settings: StorageSource, options?: AskOptions): ObjectStore {
  const want = asking(AZURE, settings, options);
  return { ...smallBlobs(want), ...wholeBlobs(want), list: (prefix) => listed(want, prefix) };
}

/** Codes of a blob that does not exist. */
const ABSENT: ReadonlySet<string> = new Set(['BlobNotFound', 'ResourceNotFound', 'PathNotFound', '']);

/** Sends a request for a blob that may not exist; undefined if it does not. */
async function wantedOf(
  want: Want,
  location: string,
  method: 'GET' | 'HEAD',
): Promise<Awaited<ReturnType<Want>>['answer'] | undefined> {
  const { answer, fault } = await want(placeOf(location), { method }, 200, 404);
  if (answer.status === 200) return answer;
  // A missing container is not a missing blob.
  if (!ABSENT.has(codeOfAzure(answer))) throw fault();
  return undefined;
}

function smallBlobs(want: Want): Pick<ObjectStore, 'read' | 'exists' | 'writeNew' | 'remove'> {
  const read = async (location: string): Promise<Buffer | undefined> =>
    (await wantedOf(want, location, 'GET'))?.body;
  return {
    read,
    exists: async (location) => (await wantedOf(want, location, 'HEAD')) !== undefined,
    async writeNew(location, content) {
      const body = Buffer.from(content);
      const headers = { 'if-none-match': '*', 'x-ms-blob-type': 'BlockBlob' };
      const { answer, attempts, fault } = await want(
        placeOf(location),
        { method: 'PUT', headers, body },
        201,
        409,
        412,
      );
      if (answer.status === 201) return true;
      if (!TAKEN.has(codeOfAzure(answer))) throw fault();
      // The answer to an earlier try may have been lost.
      return attempts > 1 && (await read(location))?.equals(body) === true;
    },
    async remove(locations) {
      const few = fewAtOnce(DELETED_AT_ONCE);
      const removing = [...new Set(locations)].map((location) =>
        few(() => want(placeOf(location), { method: 'DELETE' }, 202, 404)),
      );
      // The first error is thrown only after all were tried.
      await Promise.allSettled(removing);
      await Promise.all(removing);
    },
  };
}
const TAKEN: ReadonlySet<string> = new Set(['BlobAlreadyExists', 'ConditionNotMet', 'PathAlreadyExists']);

const wholeBlobs = (want: Want): Pick<ObjectStore, 'checksum' | 'upload' | 'download'> => ({
  async checksum(location) {
    const answer = await wantedOf(want, location, 'HEAD');
    if (answer === undefined) return undefined;
    const md5 = answer.headers.get('content-md5');
    return {
      bytes: Number(answer.headers.get('content-length')),
      md5: md5 === null ? undefined : Buffer.from(md5, 'base64').toString('hex'),
    };
  },
  async upload(path, location, md5) {
    const body = await openAsBlob(path);
    const headers = { 'content-md5': md5.toString('base64'), 'x-ms-blob-type': 'BlockBlob' };
    await want(placeOf(location), { method: 'PUT', headers, body }, 201);
  },
  async download(location, path) {
    await want(placeOf(location), { method: 'GET', into: path }, 200);
  },
});

async function listed(want: Want, prefix: string): Promise<StoredObject[]> {
  const { scheme, bucket, key } = placeOf(prefix);
  const found: StoredObject[] = [];
  for (let marker: string | undefined; ; ) {
    const query = {
      restype: 'container',
      comp: 'list',
      prefix: key,
      ...(marker === undefined ? {} : { marker }),
    };
    const { answer } = await want({ scheme, bucket, key: '' }, { method: 'GET', query }, 200);
    const { objects, next } = readBlobs(answer.body.toString());
    for (const { key: each, ...object } of objects)
      found.push({ location: `${scheme}://${bucket}/${each}`, ...object });
    if (next === undefined) return found;
    marker = next;
  }
}

function placeOf(location: string): ObjectLocation {
  const place = azureLocation(location);
  if (place === undefined) throw new Error(`no place in Azure's stores: ${location}`);
  return place;
}
