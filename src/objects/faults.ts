/** Makes the PsybergError for a store that does not do what it was asked. Answer -> PsybergError. */
import { PsybergError, usageError } from '../model/errors.ts';
import type { StorageSettings } from '../model/storage-settings.ts';
import { isDenial } from '../model/store-faults.ts';
import type { StoreAnswer, StoreStalled } from './http.ts';
import { faultText } from './listing.ts';
import type { ObjectLocation } from './location.ts';

/** Answers after which the same request may succeed. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
export const isPassing = ({ status }: Pick<StoreAnswer, 'status'>): boolean => PASSING.has(status);

/** What a hint calls the settings of a kind of store. */
export interface StoreWords {
  /** The setting for the store's address. */
  readonly endpoint: string;
  /** What else may be wrong with it, beginning with `, and`; or nothing. */
  readonly besides: string;
}

/** `bucket-missing`, `storage-denied` or `storage-unreachable`. */
export function storeFault(
  { bucket, scheme }: ObjectLocation,
  address: string,
  { status, headers, body }: StoreAnswer,
): PsybergError {
  // The rest of the answer may repeat what was signed.
  const { code } = faultText(body.toString());
  const place = `${scheme}://${bucket}`;
  const context = { bucket: place, address, status };
  // HEAD has no body: without a code, 404 is about the object.
  if (code === 'NoSuchBucket')
    return usageError('bucket-missing', `the bucket ${place} does not exist at ${address}`, {
      hint: 'make the bucket, or correct catalog.warehouse or s3.endpoint in psyberg.yaml',
      context,
    });
  const region = headers.get('x-amz-bucket-region');
  if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed')
    return usageError('storage-denied', `the bucket ${place} is in another region: HTTP ${status} ${code}`, {
      hint: `set client.region${region === null ? '' : `: ${region}`} under catalog.storage in psyberg.yaml`,
      context,
    });
  if (status === 401 || status === 403 || isDenial(code))
    return usageError('storage-denied', `${address} does not let psyberg in: HTTP ${status} ${code}`.trim(), {
      hint:
        code === 'RequestTimeTooSkewed'
          ? 'set the clock of this machine right'
          : 'check the keys, endpoint and region under catalog.storage in psyberg.yaml, whether a token has expired, and what the keys may do',
      context,
    });
  return new PsybergError('storage-unreachable', `${address} answered HTTP ${status} ${code}`.trim(), {
    hint: 'run the same command again when the store is well',
    context,
    retryable: isPassing({ status }) || status === CONFLICT,
  });
}
/** Two conditional writes of the same name met. */
export const CONFLICT = 409;

/** No answer came. */
export function unanswered(address: string, error: unknown, words: StoreWords): PsybergError {
  return new PsybergError('storage-unreachable', `${address} cannot be reached: ${reasonOf(error)}`, {
    hint: `check the network and ${words.endpoint} under catalog.storage in psyberg.yaml${words.besides}, then run the same command again`,
    context: { address },
    retryable: true,
    cause: error,
  });
}

/** The store took the request and then stayed silent, or stopped in the middle of its answer. */
export function stalled(
  {
    address,
    asked,
    attempts,
  }: { readonly address: string; readonly asked: string; readonly attempts: number },
  error: StoreStalled,
): PsybergError {
  return new PsybergError(
    'storage-unreachable',
    `${address} does not go on: ${asked} was asked ${attempts} times, and the last time ${error.message}`,
    {
      hint: 'run the same command again when the store answers; where it only needs longer, set s3.request-timeout (seconds) under catalog.storage in psyberg.yaml',
      context: { address, asked, attempts, waited_seconds: error.waitedMs / 1000 },
      retryable: true,
      cause: error,
    },
  );
}

/** Node's codes for what is wrong with a certificate -> what that means, and what to do. */
const CERTIFICATES: readonly (readonly [RegExp, string, (words: StoreWords) => string])[] = [
  [
    /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/,
    'is of another time',
    () => 'have the certificate of the store renewed, or set the clock of this machine right',
  ],
  [
    /^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    'names other hosts',
    ({ endpoint, besides }) =>
      `name the host that the certificate names in ${endpoint} under catalog.storage in psyberg.yaml${besides}`,
  ],
  [
    /^(?:SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_|INVALID_CA)/,
    'is not trusted',
    () =>
      'name the certificate of its issuer in ca_file under catalog.storage in psyberg.yaml, or in AWS_CA_BUNDLE',
  ],
  [
    /^ERR_SSL_.*ALERT/,
    'ends the handshake',
    () =>
      'if it wants a certificate of its clients, have it do without: DuckDB shows none, keys are all that it has',
  ],
];

/** `storage-untrusted`, which does not go away by trying again; undefined for any other error. */
export function certificateFault(
  address: string,
  error: unknown,
  words: StoreWords,
): PsybergError | undefined {
  const code = String((error as { readonly code?: unknown } | undefined)?.code ?? '');
  const found = CERTIFICATES.find(([codes]) => codes.test(code));
  if (found === undefined) return undefined;
  const [, what, hint] = found;
  const subject = what.startsWith('ends') ? address : `the certificate of ${address}`;
  return usageError('storage-untrusted', `${subject} ${what}: ${reasonOf(error)}`, {
    hint: hint(words),
    context: { address },
    cause: error,
  });
}

/**
 * Words for stores of the S3 protocol. A self-hosted one usually answers under one name, and not under one
 * for each bucket.
 */
export const s3Words = (settings: StorageSettings): StoreWords => ({
  endpoint: 's3.endpoint',
  besides:
    (settings['s3.endpoint'] ?? '') === '' || settings['s3.path-style-access'] === 'true'
      ? ''
      : ', and whether it wants s3.path-style-access: true (the bucket is part of the host without)',
});

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return code ?? message ?? String(error);
}
