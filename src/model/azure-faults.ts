/**
 * Recognises what DuckDB's extension `azure` 1.5.5 says if Azure's store does not do what it was asked.
 * Message -> the one PsybergError for it. No file is damaged, and no SQL is wrong.
 */
import { PsybergError, usageError } from './errors.ts';

/** The place, the store's code, and HTTP's reason phrase; no status is given. */
const ANSWERED =
  /^IO Error: Azure\w+ (?:open file|Read to) '?(\w+:\/\/[^/\s']+)[^\n]*? failed with (?:code )?'?(\w*)'?,? Reason Phrase: '?([^'.\n]*)/;
/** The address, and why. */
const UNREACHED =
  /^(?:IO|Invalid) Error: .*?Fail to get a new connection for: (https?:\/\/[^\s/]+?)\. ([^'\n]+)/;

/** For operations on a folder the extension gives no place. */
const OF_FOLDER = /^Invalid Error: (\d{3}) ([^\n]*)\n(?:[\s\S]*\n)?Request ID: /;

/** No key was found, for instance on this machine, so the store was not asked for anything. */
const WITHOUT_KEYS =
  /^\w+ Error: Azure\w+ could not open file: '(\w+:\/\/[^/']+)[^\n]*?credentials used were wrong\. Original error message: '([^\n']*)/;

/**
 * It could not read why the store refused. One of fourteen answers that there is no such container ends like
 * this (2026-11-30).
 */
const UNREAD = /^Invalid Error: \[json\.exception\./;

/** Codes of the store; Azure's HTTP reason phrase is a sentence of its own. */
const MISSING = /^(?:Container|Filesystem)NotFound$/;
const DENIED = /^(?:(?:No|Invalid)?Auth|KeyBasedAuth|Insufficient|PublicAccess|AccountIsDisabled)/;
const BUSY = /^(?:ServerBusy|InternalError|OperationTimedOut)$/;
const SECRET =
  'adls.account-key, adls.sas-token or adls.connection-string under catalog.storage in psyberg.yaml, or create persistent secret … (type azure, …) in DuckDB';

/** `bucket-missing`, `storage-denied` or `storage-unreachable`; undefined for any other error. */
export function azureFaultOf(message: string, cause: unknown): PsybergError | undefined {
  const unreached = UNREACHED.exec(message);
  if (unreached !== null) {
    const [, address = '', why = ''] = unreached;
    return unreachable(address, `cannot be reached: ${why.trim()}`, cause);
  }
  const [, asked, said = ''] = WITHOUT_KEYS.exec(message) ?? [];
  if (asked !== undefined && /credential|token|authenticat/i.test(said))
    return faultOf(asked, said.trim(), { cause, isMissing: false, isDenied: true, isBusy: false });
  const [, status, words = ''] = OF_FOLDER.exec(message) ?? [];
  if (status !== undefined)
    return faultOf("Azure's store", `HTTP ${status} ${words}`.trim(), { cause, ...kindOf(Number(status)) });
  if (UNREAD.test(message))
    return new PsybergError(
      'storage-unreachable',
      "Azure's store refused a request, and DuckDB's extension could not read why; nothing was published",
      {
        hint: 'run the same command again; where it ends so once more, psyberg doctor asks the store itself',
        retryable: true,
        cause,
      },
    );
  const answer = ANSWERED.exec(message);
  if (answer === null) return undefined;
  const [, place = '', code = '', reason = ''] = answer;
  return faultOf(place, code === '' ? reason : code, {
    cause,
    isMissing: MISSING.test(code),
    isDenied: DENIED.test(code) || /^(?:Forbidden|Unauthorized)$/.test(reason),
    isBusy: BUSY.test(code),
  });
}

interface Kind {
  readonly isMissing: boolean;
  readonly isDenied: boolean;
  readonly isBusy: boolean;
}
const kindOf = (status: number): Kind => ({
  isMissing: status === 404,
  isDenied: status === 401 || status === 403,
  isBusy: status === 429 || status >= 500,
});

function faultOf(
  place: string,
  said: string,
  { cause, isMissing, isDenied, isBusy }: Kind & { readonly cause: unknown },
): PsybergError | undefined {
  const context = { address: place };
  if (isMissing)
    return usageError(
      'bucket-missing',
      `the container of ${place} does not exist: ${said}; nothing was published`,
      {
        hint: 'make the container, or correct the location or the account that you name',
        context,
        cause,
      },
    );
  if (isDenied)
    return usageError('storage-denied', `${place} does not let psyberg in: ${said}; nothing was published`, {
      hint: `check what opens it: what the catalog hands out, ${SECRET}`,
      context,
      cause,
    });
  return isBusy ? unreachable(place, `answers ${said}`, cause) : undefined;
}

const unreachable = (address: string, what: string, cause: unknown): PsybergError =>
  new PsybergError('storage-unreachable', `${address} ${what}; nothing was published`, {
    hint: `check the network, and the account and endpoint that you name (${SECRET}), then run the same command again`,
    context: { address },
    retryable: true,
    cause,
  });
