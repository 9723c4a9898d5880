/**
 * Who we are to a foreign catalog: a fixed bearer token, or one bought with client credentials and renewed
 * before it expires.
 */
import { readFile } from 'node:fs/promises';
import { PsybergError, usageError } from '../../model/errors.ts';
import { HOUR_MS } from '../../model/hour.ts';
import type { ForeignCatalog } from '../../model/process-spec.ts';
import { type HttpReply, type SendHttp, tlsHint } from './http.ts';
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
const DEFAULT_LIFETIME_MS = HOUR_MS;
/** A token is renewed this long before it expires, or at a tenth of its life, whichever is later. */
const RENEWAL_MARGIN_MS = 300_000;
const TOKEN_TIMEOUT_MS = 60_000;

export interface TokenOptions {
  readonly http: SendHttp;
  /** The clock. */
  readonly nowMs?: () => number;
}

/** Makes the source of tokens; nothing is asked for before the first call. */
export function bearerTokens(
  catalog: ForeignCatalog,
  { http, nowMs = Date.now }: TokenOptions,
): BearerTokens {
  return catalog.credential === undefined && catalog.subjectToken === undefined
    ? fixedToken(catalog.token)
    : boughtTokens(catalog, { http, nowMs });
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

function boughtTokens(catalog: ForeignCatalog, options: Required<TokenOptions>): BearerTokens {
  const { nowMs } = options;
  /** Of the last purchase: what was given for it. */
  let subject: string | undefined;
  let buying: Promise<BoughtToken> | undefined;
  let bought: BoughtToken | undefined;
  const buy = (): Promise<BoughtToken> => {
    // One purchase at a time: requests that come meanwhile wait for it.
    buying ??= subjectOf(catalog)
      .then((given) => {
        subject = given;
        return buyToken(catalog, given, options);
      })
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
    secrets: () => [...secretsGiven(catalog, subject), ...(bought === undefined ? [] : [bought.text])],
  };
}

const secretsGiven = ({ credential }: ForeignCatalog, subject: string | undefined): string[] => [
  ...(credential === undefined ? [] : [credential, secretOf(credential)]),
  ...(subject === undefined ? [] : [subject]),
];

async function subjectOf({ subjectToken }: ForeignCatalog): Promise<string | undefined> {
  if (subjectToken?.file === undefined) return subjectToken?.text;
  const { file } = subjectToken;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw usageError('catalog-unauthorized', `catalog.subject_token_file cannot be read: ${file}`, {
      hint: 'name the file into which the issuer of the token writes it',
      context: { file },
      cause: error,
    });
  }
}

const secretOf = (credential: string): string => credential.slice(credential.indexOf(':') + 1);

/** OAuth2, "Client Credentials Grant" (RFC 6749, 4.4), or token exchange (RFC 8693). */
async function buyToken(
  catalog: ForeignCatalog,
  subject: string | undefined,
  { http, nowMs }: Required<TokenOptions>,
): Promise<BoughtToken> {
  const endpoint = catalog.oauth2ServerUri ?? `${apiRoot(catalog.uri)}oauth/tokens`;
  const startedMs = nowMs();
  const { status, text } = await post(http, endpoint, tokenForm(catalog, subject));
  const answer = parsed(text);
  if (status >= 300 || typeof answer.access_token !== 'string')
    throw noToken(answer, { status, endpoint, secrets: secretsGiven(catalog, subject) });
  const lifetimeMs = typeof answer.expires_in === 'number' ? answer.expires_in * 1000 : DEFAULT_LIFETIME_MS;
  return {
    text: answer.access_token,
    renewAtMs: startedMs + lifetimeMs - Math.min(RENEWAL_MARGIN_MS, lifetimeMs / 10),
  };
}

function tokenForm(catalog: ForeignCatalog, subject: string | undefined): URLSearchParams {
  const { credential, scope = 'catalog', audience, resource, subjectToken } = catalog;
  const colon = credential?.indexOf(':') ?? -1;
  return new URLSearchParams({
    ...(subject === undefined
      ? { grant_type: 'client_credentials' }
      : {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: subject,
          subject_token_type: subjectToken?.type ?? 'urn:ietf:params:oauth:token-type:jwt',
          requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        }),
    ...(credential === undefined || colon < 0 ? {} : { client_id: credential.slice(0, colon) }),
    ...(credential === undefined ? {} : { client_secret: secretOf(credential) }),
    scope,
    ...(audience === undefined ? {} : { audience }),
    ...(resource === undefined ? {} : { resource }),
  });
}

async function post(http: SendHttp, endpoint: string, form: URLSearchParams): Promise<HttpReply> {
  try {
    return await http({
      method: 'POST',
      url: endpoint,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
      timeoutMs: TOKEN_TIMEOUT_MS,
    });
  } catch (error) {
    const hint = tlsHint(codeOfNode(error));
    throw new PsybergError(
      'catalog-unreachable',
      `The token server cannot be reached: ${endpoint} (${causeOf(error)})`,
      {
        hint: hint ?? 'check catalog.oauth2_server_uri in psyberg.yaml, and that the server is running',
        retryable: hint === undefined,
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
    secrets,
  }: { readonly status: number; readonly endpoint: string; readonly secrets: readonly string[] },
): PsybergError {
  const said =
    [error, description].filter((part) => typeof part === 'string').join(': ') || `status ${status}`;
  const shown = secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '…')), said);
  if (status >= 500)
    return new PsybergError('catalog-failed', `The token server failed: ${endpoint}: ${shown}`, {
      hint: 'run again',
      retryable: true,
    });
  return usageError('catalog-unauthorized', `The token server gave no token: ${endpoint}: ${shown}`, {
    hint: 'check catalog.credential or catalog.subject_token, and catalog.scope, in psyberg.yaml',
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
  return codeOfNode(error) || (cause?.message ?? message ?? 'no answer');
}

/** `ECONNREFUSED` and its like: in the cause of an error of fetch, in the error itself of node:https. */
export function codeOfNode(error: unknown): string {
  const { cause, code } = error as { cause?: { code?: unknown }; code?: unknown };
  const found = cause?.code ?? code;
  return typeof found === 'string' ? found : '';
}
