/** What a store says when it does not do what it was asked. Answer -> the one PsybergError for it. */
import { PsybergError, usageError } from '../model/errors.ts';
import type { StorageSettings } from '../model/storage-settings.ts';
import { isDenial } from '../model/store-faults.ts';
import type { StoreAnswer, StoreStalled } from './http.ts';
import { faultText } from './listing.ts';
import type { ObjectLocation } from './location.ts';

/** Answers after which the same request may succeed. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
export const isPassing = ({ status }: Pick<StoreAnswer, 'status'>): boolean => PASSING.has(status);

/** What a hint calls the settings of a kind of stores. */
export interface StoreWords {
  /** The setting that says where it is. */
  readonly endpoint: string;
  /** What else may be wrong with it, with `, and` before it; or nothing. */
  readonly besides: string;
}

/** `bucket-missing`, `storage-denied` or `storage-unreachable`. */
export function storeFault(
  { bucket, scheme }: ObjectLocation,
  address: string,
  { status, headers, body }: StoreAnswer,
): PsybergError {
  // Its words may repeat what was signed.
  const { code } = faultText(body.toString());
  const place = `${scheme}://${bucket}`;
  const context = { bucket: place, address, status };
  // HEAD has no body: without a code, 404 is an object's.
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
/** Two conditional writes of one name met. */
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

/** The store took the request and said nothing, or stopped in the middle of its answer. */
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

/** Node's codes for what is wrong with a certificate -> what that is, and what to do. */
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

/** `storage-untrusted`, which no second try heals; undefined for any other error. */
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

/** A store of one's own answers under one name as a rule, and not under one for each bucket. */
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
