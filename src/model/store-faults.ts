/**
 * Recognises what DuckDB 1.5.5 says if the store of a file does not do what it was asked. Message -> the one
 * PsybergError for it. Of the store's answer only its code is repeated: the rest may contain what was signed.
 */
import { azureFaultOf } from './azure-faults.ts';
import { PsybergError, usageError } from './errors.ts';

interface StoreAnswer {
  /** The host, or the bucket if nothing else is named. */
  readonly address: string;
  readonly status: number;
  /** The store's code, such as `NoSuchBucket`; `''` if it gave none. */
  readonly code: string;
  /** True if DuckDB was about to write. */
  readonly wasWriting: boolean;
}

/** How long DuckDB waits for one request, and how often it sends it. */
export interface StoreWaits {
  readonly seconds: number;
  readonly asked: number;
}

/**
 * `bucket-missing`, `storage-denied`, `storage-untrusted`, `storage-unreachable` or `extension-missing`;
 * undefined for any other error.
 */
export function storeFaultOf(message: string, cause: unknown, waits?: StoreWaits): PsybergError | undefined {
  const extension = /^Extension Autoloading Error: [^']*required extension '(\w+)'/.exec(message)?.[1];
  if (extension !== undefined) return notReached(extension, cause);
  const ofAzure = azureFaultOf(message, cause);
  if (ofAzure !== undefined) return ofAzure;
  if (!/^(?:IO|HTTP) Error: /.test(message)) return undefined;
  const lost = UNANSWERED.exec(message);
  if (lost !== null) return unanswered(lost, { cause, waits });
  const answer = answerIn(message);
  return answer === undefined ? undefined : faultOf(answer, cause);
}

/**
 * For places of a kind that DuckDB reaches with an extension which psyberg does not bring, such as Azure's
 * stores.
 */
const notReached = (extension: string, cause: unknown): PsybergError =>
  new PsybergError(
    'extension-missing',
    `files lie in a place that DuckDB reaches by its extension ${extension} alone, which psyberg does not bring, and which could not be installed; nothing was published`,
    {
      hint: `keep the tables in a store that speaks the S3 protocol; or let this machine reach DuckDB's extension server once (install ${extension} in DuckDB)`,
      context: { extension },
      cause,
    },
  );

/** What went wrong on the way, the request, and the address. */
const UNANSWERED = /^(?:IO|HTTP) Error: ([^\n']+?) error for HTTP (\w+) to '([^'\n]+)'/;

function unanswered(
  [, what = '', method = '', url = '']: RegExpExecArray,
  { cause, waits }: { readonly cause: unknown; readonly waits: StoreWaits | undefined },
): PsybergError {
  const address = addressOf(url);
  // Curl's message. It does not say which of the two it is, nor what the certificate names.
  if (/^(?:SSL peer certificate|Problem with the SSL CA cert)/.test(what))
    return usageError(
      'storage-untrusted',
      `the certificate of ${address} is not trusted, has expired, or names other hosts; nothing was published`,
      {
        hint: 'name the certificate of its issuer in ca_file under catalog.storage in psyberg.yaml (or in AWS_CA_BUNDLE), and its host in s3.endpoint, with s3.path-style-access: true where the bucket is no host; psyberg doctor says what is wrong with it',
        context: { address },
        cause,
      },
    );
  const isSilent = what.startsWith('Timeout was reached');
  // Silence in the middle of an answer is reported like this, too.
  if (!isSilent && !what.startsWith('Transferred a partial file'))
    return unreachable(address, `cannot be reached: ${what}`, cause);
  const asked = `${method} ${pathOf(url)}`;
  const waited = waits === undefined ? '' : `: ${waits.asked} times, each for up to ${waits.seconds} s`;
  return new PsybergError(
    'storage-unreachable',
    `${address} does not go on: ${asked} ${isSilent ? 'was waited for in vain' : 'came in part alone'}${waited}; nothing was published`,
    {
      hint: 'run the same command again when the store answers; where it only needs longer, set s3.request-timeout (seconds) under catalog.storage in psyberg.yaml',
      context: { address, asked, ...(waits === undefined ? {} : { waited_seconds: waits.seconds }) },
      retryable: true,
      cause,
    },
  );
}

/** Without the part that may be signed. */
const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : '');
const STATUS =
  /\(HTTP (?:code )?(\d{3})\b|^HTTP Error: Request returned HTTP (\d{3})\b|: HTTP (\d{3}) response/;
const PLACE = /'((?:https?|s3[an]?|gs|gcs):\/\/[^'\n]+)'|"((?:s3[an]?|gs|gcs):\/\/[^"\n]+)"|URL (\S+?): /;

function answerIn(message: string): StoreAnswer | undefined {
  const status = Number(STATUS.exec(message)?.slice(1).find(Boolean));
  const place = PLACE.exec(message)?.slice(1).find(Boolean);
  if (Number.isNaN(status) || place === undefined) return undefined;
  return {
    address: addressOf(place),
    status,
    code: /\n\n([A-Z][A-Za-z]+): /.exec(message)?.[1] ?? '',
    wasWriting: /Unable to connect to URL|for HTTP (?:PUT|POST)/.test(message),
  };
}

/** What follows the host may be signed. */
function addressOf(place: string): string {
  if (/^https?:/.test(place))
    return URL.canParse(place) ? new URL(place).origin : (place.split('?')[0] ?? '');
  return /^[a-z0-9]+:\/\/[^/]+/.exec(place)?.[0] ?? place;
}

const ELSEWHERE: ReadonlySet<string> = new Set(['AuthorizationHeaderMalformed', 'PermanentRedirect']);
const EXPIRED: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'TokenRefreshRequired',
  'ExpiredTokenException',
]);
const CLOCK = 'RequestTimeTooSkewed';
/** Whatever the status: versitygw 1.8.0 answers 404 if it does not know a key. */
const DENIALS: ReadonlySet<string> = new Set([
  ...EXPIRED,
  'AccessDenied',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'XAdminUserNotFound',
]);
export const isDenial = (code: string): boolean => DENIALS.has(code);

function faultOf(answer: StoreAnswer, cause: unknown): PsybergError | undefined {
  const { address, status, code, wasWriting } = answer;
  const said = `HTTP ${status}${code === '' ? '' : ` ${code}`}; nothing was published`;
  const context = { address, status };
  if (code === 'NoSuchBucket')
    return usageError('bucket-missing', `the bucket of ${address} does not exist: ${said}`, {
      hint: 'make the bucket, or correct s3.endpoint or the location: psyberg doctor says who names the endpoint',
      context,
      cause,
    });
  const denied = (what: string, hint: string): PsybergError =>
    usageError('storage-denied', `${address} ${what}: ${said}`, { hint, context, cause });
  if (status === 301 || status === 307 || ELSEWHERE.has(code))
    return denied(
      'has the bucket in another region',
      'set client.region under catalog.storage in psyberg.yaml, or have the catalog hand out the right one; psyberg doctor says who names it',
    );
  if (code === CLOCK)
    return denied(
      'does not let psyberg in',
      'set the clock of this machine right: signatures hold for minutes',
    );
  if (EXPIRED.has(code))
    return denied(
      'does not let psyberg in',
      'the keys have expired: renew those under catalog.storage in psyberg.yaml, or write credentials: chain there; those that the catalog hands out are renewed by the next run. A statement keeps the keys with which it began: where it runs for longer than they hold, have the catalog hand out some that hold longer',
    );
  // An answer to HEAD has no text: it may be a wrong region, or an expired token.
  if (
    status === 401 ||
    status === 403 ||
    isDenial(code) ||
    (status === 400 && /^$|Token|Key|Signature|Auth/.test(code))
  )
    return denied(
      wasWriting ? 'does not let psyberg write' : 'does not let psyberg in',
      `check storage: the keys, endpoint and region that the catalog hands out or catalog.storage in psyberg.yaml sets, ${wasWriting ? 'whether they may write' : 'and whether a token has expired'}; psyberg doctor says where each comes from`,
    );
  return status === 429 || status >= 500 ? unreachable(address, `answers ${said}`, cause, true) : undefined;
}

/**
 * No file is damaged and no SQL is wrong: the same call will succeed once the network or the store is back.
 */
const unreachable = (address: string, what: string, cause: unknown, isSaid = false): PsybergError =>
  new PsybergError('storage-unreachable', `${address} ${what}${isSaid ? '' : '; nothing was published'}`, {
    hint: 'check the network and the address of the storage (in front of a foreign catalog: the endpoint that it hands out or catalog.storage sets; s3.path-style-access where the bucket is no host), then run the same command again',
    context: { address },
    retryable: true,
    cause,
  });
