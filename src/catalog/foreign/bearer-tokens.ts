/**
 * Who we are to a foreign catalog: a fixed bearer token, or one bought with client credentials and renewed
 * before it expires.
 */
import { PsybergError, usageError } from '../../model/errors.ts';
import type { ForeignCatalog } from '../../model/process-spec.ts';
import { apiRoot } from './settings.ts';

export interface BearerTokens {
  /**
   * The token to send; undefined for a catalog that wants none. @throws PsybergError `catalog-unauthorized`,
   * `catalog-unreachable`.
   */
  current(): Promise<string | undefined>;
  /** Forgets a token that was refused. @returns false when there is no other one to try. */
  renew(refused: string | undefined): boolean;
  /** Replaces a fixed token by the one that the catalog handed out. */
  adopt(token: string): void;
  /** Every text that no message may show. */
  secrets(): readonly string[];
}

/** What a token that does not say is good for, as in Apache Iceberg's clients. */
const DEFAULT_LIFETIME_MS = 3_600_000;
/** A token is renewed this long before it expires, or at a tenth of its life, whichever is later. */
const RENEWAL_MARGIN_MS = 300_000;
const TOKEN_TIMEOUT_MS = 60_000;

/** Makes the source of tokens; nothing is asked for before the first call. `nowMs` is the clock. */
export function bearerTokens(catalog: ForeignCatalog, nowMs: () => number = Date.now): BearerTokens {
  return catalog.credential === undefined
    ? fixedToken(catalog.token)
    : boughtTokens({ ...catalog, credential: catalog.credential }, nowMs);
}

function fixedToken(given: string | undefined): BearerTokens {
  let token = given;
  return {
    current: async () => token,
    renew: () => false,
    adopt(handedOut) {
      token = handedOut;
    },
    secrets: () => (token === undefined ? [] : [token]),
  };
}

interface BoughtToken {
  readonly text: string;
  /** From then on another one is bought. */
  readonly renewAtMs: number;
}

function boughtTokens(
  catalog: ForeignCatalog & { readonly credential: string },
  nowMs: () => number,
): BearerTokens {
  let buying: Promise<BoughtToken> | undefined;
  let bought: BoughtToken | undefined;
  const buy = (): Promise<BoughtToken> => {
    // One purchase at a time: requests that come meanwhile wait for it.
    buying ??= buyToken(catalog, nowMs)
      .then((token) => {
        bought = token;
        return token;
      })
      .finally(() => {
        buying = undefined;
      });
    return buying;
  };
  return {
    current: async () => (bought !== undefined && nowMs() < bought.renewAtMs ? bought : await buy()).text,
    renew(refused) {
      if (bought?.text === refused) bought = undefined;
      return true;
    },
    adopt: () => undefined,
    secrets: () => [
      catalog.credential,
      secretOf(catalog.credential),
      ...(bought === undefined ? [] : [bought.text]),
    ],
  };
}

const secretOf = (credential: string): string => credential.slice(credential.indexOf(':') + 1);

/** OAuth2, "Client Credentials Grant" (RFC 6749, 4.4). */
async function buyToken(
  catalog: ForeignCatalog & { readonly credential: string },
  nowMs: () => number,
): Promise<BoughtToken> {
  const { credential, scope = 'catalog' } = catalog;
  const endpoint = catalog.oauth2ServerUri ?? `${apiRoot(catalog.uri)}oauth/tokens`;
  const colon = credential.indexOf(':');
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(colon < 0 ? {} : { client_id: credential.slice(0, colon) }),
    client_secret: secretOf(credential),
    scope,
  });
  const startedMs = nowMs();
  const { status, text } = await post(endpoint, form);
  const answer = parsed(text);
  if (status >= 300 || typeof answer.access_token !== 'string')
    throw noToken(answer, { status, endpoint, credential });
  const lifetimeMs = typeof answer.expires_in === 'number' ? answer.expires_in * 1000 : DEFAULT_LIFETIME_MS;
  return {
    text: answer.access_token,
    renewAtMs: startedMs + lifetimeMs - Math.min(RENEWAL_MARGIN_MS, lifetimeMs / 10),
  };
}

async function post(
  endpoint: string,
  form: URLSearchParams,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      body: form,
      signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new PsybergError(
      'catalog-unreachable',
      `The token server cannot be reached: ${endpoint} (${causeOf(error)})`,
      {
        hint: 'check catalog.oauth2_server_uri in psyberg.yaml, and that the server is running',
        retryable: true,
      },
    );
  }
}

/** `catalog-failed` or `catalog-unauthorized`, without the credential that the server may have repeated. */
function noToken(
  { error, error_description: description }: TokenAnswer,
  {
    status,
    endpoint,
    credential,
  }: { readonly status: number; readonly endpoint: string; readonly credential: string },
): PsybergError {
  const said =
    [error, description].filter((part) => typeof part === 'string').join(': ') || `status ${status}`;
  const shown = [secretOf(credential), credential].reduce(
    (rest, secret) => rest.replaceAll(secret, '…'),
    said,
  );
  if (status >= 500)
    return new PsybergError('catalog-failed', `The token server failed: ${endpoint}: ${shown}`, {
      hint: 'run again',
      retryable: true,
    });
  return usageError('catalog-unauthorized', `The token server gave no token: ${endpoint}: ${shown}`, {
    hint: 'check catalog.credential and catalog.scope in psyberg.yaml',
    context: { status },
  });
}

interface TokenAnswer {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
}
function parsed(text: string): TokenAnswer {
  try {
    return (JSON.parse(text) as TokenAnswer | null) ?? {};
  } catch {
    return {};
  }
}

/** Node's fetch says only "fetch failed"; why stands in its cause. */
export function causeOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string };
  return cause?.code ?? cause?.message ?? message ?? 'no answer';
}
