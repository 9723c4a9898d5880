/**
 * Requests to a foreign catalog: authorised, repeated where that is safe, and never for longer than a bound.
 * Request -> reply.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { renderJson } from '../../iceberg/json.ts';
import { PsybergError } from '../../model/errors.ts';
import { type BearerTokens, causeOf } from './bearer-tokens.ts';
import { uuidV7 } from './uuid-v7.ts';

export interface ForeignRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Used in place of the catalog's own token: some catalogs hand out one for each table. */
  readonly token?: string | undefined;
}
export interface ForeignReply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}
export interface TransportOptions {
  readonly uri: string;
  readonly tokens: BearerTokens;
  /** True when the catalog remembers a change by its key: repeating it is then safe. */
  readonly acceptsIdempotencyKeys: () => boolean;
}
export type Transport = (request: ForeignRequest) => Promise<ForeignReply>;

/** Requests for one call, the first included. */
const ATTEMPTS = 5;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** Where a catalog asks for more patience than this, its error is reported at once. */
const RETRY_AFTER_MAX_MS = 30_000;
const REQUEST_TIMEOUT_MS = 120_000;

/**
 * Makes a transport. It answers with any status but 401 (where a new token helps) and what repeating could
 * heal.
 * @throws PsybergError `catalog-unreachable` when no request arrived; `commit-state-unknown` when a change
 * was sent and nothing came back.
 */
export function foreignTransport({ uri, tokens, acceptsIdempotencyKeys }: TransportOptions): Transport {
  return async (request) => {
    const changes = request.method === 'POST' || request.method === 'DELETE';
    const key = changes && acceptsIdempotencyKeys() ? uuidV7() : undefined;
    const repeatable = !changes || key !== undefined;
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const token = request.token ?? (await tokens.current());
      let reply: ForeignReply;
      try {
        reply = await send(request, token, key);
      } catch (error) {
        const neverSent = NEVER_SENT.has((error as { cause?: { code?: string } }).cause?.code ?? '');
        if ((repeatable || neverSent) && attempt < ATTEMPTS) {
          await sleep(backoffMs(attempt));
          continue;
        }
        if (changes && !neverSent)
          throw stateUnknown(`The catalog at ${uri} did not answer (${causeOf(error)})`);
        throw new PsybergError(
          'catalog-unreachable',
          `Catalog cannot be reached: ${uri} (${causeOf(error)})`,
          {
            hint: 'check catalog.uri in psyberg.yaml, and that the catalog is running',
            context: { method: request.method },
            retryable: true,
          },
        );
      }
      if (
        (reply.status === 401 || reply.status === 419) &&
        request.token === undefined &&
        !renewed &&
        tokens.renew(token)
      ) {
        renewed = true;
        continue;
      }
      const waitMs = repeatAfterMs(reply, { attempt, repeatable });
      if (waitMs === undefined) return reply;
      await sleep(waitMs);
    }
  };
}

/**
 * Nobody knows whether the change was made: the caller looks, and does not repeat blindly (Iceberg REST
 * specification, "CommitStateUnknown").
 */
export const stateUnknown = (what: string): PsybergError =>
  new PsybergError('commit-state-unknown', `${what}: it may have made the change or not`, {
    hint: 'run again: what happened is then looked up',
    retryable: true,
  });

/** The connection was refused, or never made: the catalog has not seen the request. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

async function send(
  { method, url, body, headers }: ForeignRequest,
  token: string | undefined,
  key: string | undefined,
): Promise<ForeignReply> {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: renderJson(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/**
 * How long to wait before the request may be sent again; undefined when this reply is the last word. 429: it
 * was not looked at. 503: it may have been partly done, so a change is repeated only when the catalog names a
 * time (specification, "ServiceUnavailableResponse").
 */
function repeatAfterMs(
  { status, headers }: ForeignReply,
  { attempt, repeatable }: { readonly attempt: number; readonly repeatable: boolean },
): number | undefined {
  const asked = retryAfterMs(headers.get('retry-after'));
  const may =
    status === 429 ||
    (status === 503 && (repeatable || asked !== undefined)) ||
    (repeatable && (status === 500 || status === 502 || status === 504));
  if (!may || attempt >= ATTEMPTS || (asked !== undefined && asked > RETRY_AFTER_MAX_MS)) return undefined;
  return Math.max(asked ?? 0, backoffMs(attempt));
}

/** Seconds or a date (RFC 9110, "Retry-After"). */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

/** Full jitter: clients that were refused together do not come back together. */
const backoffMs = (attempt: number): number =>
  Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
