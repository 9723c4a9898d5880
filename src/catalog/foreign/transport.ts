/**
 * Requests to a foreign catalog: authorised, repeated where that is safe, and never for longer than a bound.
 * Request -> reply.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { renderJson } from '../../iceberg/json.ts';
import { PsybergError } from '../../model/errors.ts';
import type { AroundRequest } from '../around-request.ts';
import { type BearerTokens, causeOf, codeOfNode } from './bearer-tokens.ts';
import { type HttpReply, type SendHttp, tlsHint } from './http.ts';
import type { RequestSigner } from './sign.ts';
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
export type ForeignReply = HttpReply;
export interface TransportOptions {
  readonly uri: string;
  readonly http: SendHttp;
  readonly tokens: BearerTokens;
  /** Signs requests in place of a token. */
  readonly signer?: RequestSigner | undefined;
  /** True when the catalog remembers a change by its key: repeating it is then safe. */
  readonly acceptsIdempotencyKeys: () => boolean;
  readonly aroundRequest: AroundRequest;
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
export function foreignTransport(options: TransportOptions): Transport {
  const { uri, tokens, acceptsIdempotencyKeys, aroundRequest } = options;
  return async (request) => {
    const { method } = request;
    const told = { side: 'sent', method, path: new URL(request.url).pathname } as const;
    const changes = request.method === 'POST' || request.method === 'DELETE';
    const key = changes && acceptsIdempotencyKeys() ? uuidV7() : undefined;
    const repeatable = !changes || key !== undefined;
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const token = request.token ?? (await tokens.current());
      let reply: ForeignReply;
      try {
        reply = await aroundRequest(told, () => send(options, request, { token, key }));
      } catch (error) {
        if (error instanceof PsybergError) throw error;
        const code = codeOfNode(error);
        const hint = tlsHint(code);
        const neverSent = hint !== undefined || NEVER_SENT.has(code);
        if (hint === undefined && (repeatable || neverSent) && attempt < ATTEMPTS) {
          await sleep(backoffMs(attempt));
          continue;
        }
        if (changes && !neverSent)
          throw stateUnknown(`The catalog at ${uri} did not answer (${causeOf(error)})`);
        throw new PsybergError(
          'catalog-unreachable',
          `Catalog cannot be reached: ${uri} (${causeOf(error)})`,
          {
            hint: hint ?? 'check catalog.uri in psyberg.yaml, and that the catalog is running',
            context: { method: request.method },
            retryable: hint === undefined,
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
  { http, signer }: TransportOptions,
  { method, url, body, headers }: ForeignRequest,
  { token, key }: { readonly token: string | undefined; readonly key: string | undefined },
): Promise<ForeignReply> {
  const text = body === undefined ? undefined : renderJson(body);
  const plain = {
    accept: 'application/json',
    ...headers,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
    ...(text === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const proven =
    signer === undefined
      ? { ...plain, ...bearer }
      : await signer.sign({ method, url, headers: plain, body: text });
  return http({ method, url, headers: proven, body: text, timeoutMs: REQUEST_TIMEOUT_MS });
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
