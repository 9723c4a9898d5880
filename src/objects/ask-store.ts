/** Asks a store of any protocol, and repeats this as long as trying again may help. Request -> answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PsybergError } from '../model/errors.ts';
import { HOUR_MS } from '../model/hour.ts';
import {
  CA_FILE,
  type StorageSettings,
  type StorageSource,
  stallSecondsOf,
} from '../model/storage-settings.ts';
import { certificateFault, type StoreWords, stalled, unanswered } from './faults.ts';
import { type StoreAnswer, StoreStalled, sendHttp } from './http.ts';
import { type ObjectLocation, objectName } from './location.ts';

export interface ObjectRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly query?: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | Blob;
  /** A file to which the body of the answer is written. */
  readonly into?: string;
}
export interface Answered {
  readonly answer: StoreAnswer;
  readonly address: string;
  /** Number of tries that it took. */
  readonly attempts: number;
  /** Makes the error that the answer stands for. */
  readonly fault: () => PsybergError;
}

/** How a kind of store is spoken to. */
export interface StoreProtocol {
  /** @throws PsybergError if the settings name no address, or no key. */
  open(place: ObjectLocation, settings: StorageSettings): OpenedPlace;
  /** True for an answer after which the same request may succeed. */
  isPassing(answer: StoreAnswer): boolean;
  fault(place: ObjectLocation, address: string, answer: StoreAnswer): PsybergError;
  words(settings: StorageSettings): StoreWords;
}
export interface OpenedPlace {
  /** Address of the store, as messages name it. */
  readonly address: string;
  /** Called again for each try, since a signature is only valid for minutes. */
  sign(request: ObjectRequest): Promise<SignedRequest>;
}
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a request. Throws if the answer has none of the statuses. */
export type Want = (
  place: ObjectLocation,
  request: ObjectRequest,
  ...statuses: number[]
) => Promise<Answered>;

export interface AskOptions {
  /** Number of requests for one call, including the first. */
  readonly attempts?: number;
}

/** Default number of requests for one call, including the first. */
const ATTEMPTS = 6;
/** How many of them may wait in vain: each takes as long as a store may stay silent. */
const STALLS_MAX = 3;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 3_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** For a whole data file. */
const FILE_TIMEOUT_MS = HOUR_MS;

/** `settings`: called for each request, as keys may be renewed. */
export function asking(
  protocol: StoreProtocol,
  settings: StorageSource,
  { attempts: attemptsMax = ATTEMPTS }: AskOptions = {},
): Want {
  return async (place, request, ...statuses) => {
    const reply = await answered(protocol, place, await settings(), { ...request, attemptsMax });
    if (!statuses.includes(reply.answer.status)) throw reply.fault();
    return reply;
  };
}

/** Addresses that did not answer, with the time when the last wait was given up. */
const silent = new Map<string, number>();
/** For this long such an address is asked only once, and waited for only a part of the time. */
const SILENT_FOR_MS = 120_000;
const SILENT_SHARE = 5;

async function answered(
  protocol: StoreProtocol,
  place: ObjectLocation,
  settings: StorageSettings,
  request: ObjectRequest & { readonly attemptsMax: number },
): Promise<Answered> {
  const { address, sign } = protocol.open(place, settings);
  const words = protocol.words(settings);
  // Whoever ends a session sends many more requests: each must not wait as long as the first.
  const isSilent = Date.now() - (silent.get(address) ?? 0) < SILENT_FOR_MS;
  const stallMs = (stallSecondsOf(settings) * 1000) / (isSilent ? SILENT_SHARE : 1);
  let stalls = 0;
  for (let attempts = 1; ; attempts += 1) {
    const isLast = attempts === request.attemptsMax;
    try {
      const answer = await send(await sign(request), request, { settings, stallMs });
      silent.delete(address);
      if (isLast || !protocol.isPassing(answer))
        return { answer, address, attempts, fault: () => protocol.fault(place, address, answer) };
    } catch (error) {
      if (error instanceof PsybergError) throw error;
      const untrusted = certificateFault(address, error, words);
      if (untrusted !== undefined) throw untrusted;
      if (error instanceof StoreStalled) {
        stalls += 1;
        if (isLast || isSilent || stalls === STALLS_MAX) {
          silent.set(address, Date.now());
          throw stalled({ address, asked: `${request.method} ${objectName(place)}`, attempts }, error);
        }
      } else if (isLast) throw unanswered(address, error, words);
    }
    // Full jitter, so that clients which were refused together do not come back together.
    await sleep(Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempts));
  }
}

const send = (
  { url, headers }: SignedRequest,
  { method, body, into }: ObjectRequest,
  { settings, stallMs }: { readonly settings: StorageSettings; readonly stallMs: number },
): Promise<StoreAnswer> =>
  sendHttp({
    method,
    url,
    headers,
    body,
    into,
    stallMs,
    // A store that may stay silent for long may also take longer altogether.
    wholeMs: Math.max(
      2 * stallMs,
      into !== undefined || body instanceof Blob ? FILE_TIMEOUT_MS : REQUEST_TIMEOUT_MS,
    ),
    caFile: settings[CA_FILE],
  });
