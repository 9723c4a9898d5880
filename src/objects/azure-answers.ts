/** Reads what Azure's Blob Storage answers. Answer -> listing, or the PsybergError for it. Pure. */
import { PsybergError, usageError } from '../model/errors.ts';
import { isPassing } from './faults.ts';
import type { StoreAnswer } from './http.ts';
import { elementText, faultText, type ListingPage } from './listing.ts';
import type { ObjectLocation } from './location.ts';

/** The store's code, such as `BlobNotFound`; `''` if it gave none. */
export const codeOfAzure = ({ headers, body }: Pick<StoreAnswer, 'headers' | 'body'>): string =>
  headers.get('x-ms-error-code') ?? faultText(body.toString()).code;

/**
 * Reads a list of blobs. A hierarchical namespace also lists folders, which no table names, so these are
 * skipped. Throws if the text is no listing: nothing else may be taken for an empty store.
 */
export function readBlobs(xml: string): ListingPage {
  if (!/<EnumerationResults[\s>]/.test(xml)) throw new Error('the answer is no list of blobs');
  const objects = [...xml.matchAll(/<Blob>(.*?)<\/Blob>/gs)].flatMap(([, blob = '']) => {
    if (elementText(blob, 'ResourceType') === 'directory') return [];
    const encoded = /<Name Encoded="true">([^<]*)</.exec(blob)?.[1];
    return {
      key: encoded === undefined ? (elementText(blob, 'Name') ?? '') : decodeURIComponent(encoded),
      bytes: Number(elementText(blob, 'Content-Length')),
      modifiedAtMs: Date.parse(elementText(blob, 'Last-Modified') ?? ''),
    };
  });
  return { objects, next: elementText(xml, 'NextMarker') || undefined };
}

/** `bucket-missing`, `storage-denied` or `storage-unreachable`. */
export function azureFault(
  { bucket, scheme }: ObjectLocation,
  address: string,
  answer: StoreAnswer,
): PsybergError {
  const { status } = answer;
  // The rest of the answer may repeat what was signed.
  const code = codeOfAzure(answer);
  const place = `${scheme}://${bucket}`;
  const context = { bucket: place, address, status };
  if (MISSING.test(code))
    return usageError('bucket-missing', `the container ${place} does not exist at ${address}`, {
      hint: 'make the container, or correct the location or the account that you name',
      context,
    });
  if (status === 401 || status === 403 || DENIED.test(code))
    return usageError('storage-denied', `${address} does not let psyberg in: HTTP ${status} ${code}`.trim(), {
      hint: 'check adls.account-key, adls.sas-token or adls.token under catalog.storage in psyberg.yaml, or what the catalog hands out: whether it has expired, and what it may do; and the clock of this machine',
      context,
    });
  return new PsybergError('storage-unreachable', `${address} answered HTTP ${status} ${code}`.trim(), {
    hint: 'run the same command again when the store is well',
    context,
    retryable: isPassing(answer),
  });
}
const MISSING = /^(?:Container|Filesystem)NotFound$/;
const DENIED = /^(?:(?:No|Invalid)?Auth|KeyBasedAuth|Insufficient|PublicAccess|AccountIsDisabled)/;
