/**
 * A foreign catalog with the manners of catalogs elsewhere: this project's own one behind an HTTP server that
 * can hide endpoints, want OAuth2 tokens, lose answers and ask for patience. It also keeps what it was asked.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCatalog } from '../../src/catalog/index.ts';
import { onlyMain, onlyNewest } from './branchless.ts';

export interface ForeignCall {
  readonly method: string;
  /** Path and query behind `/v1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}
/**
 * An answer in place of the catalog's own; `after` sends the request on all the same, and throws its answer
 * away.
 */
export interface Interference {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly after?: boolean;
  /** No answer at all: the connection is cut. */
  readonly cut?: boolean;
}
export interface ForeignManners {
  /** Hides `transactions/commit`. */
  oneTableAtATime?: boolean;
  /** Leaves the list of endpoints out of the configuration. */
  silent?: boolean;
  /** Merged into the answer of `/v1/config`. */
  config?: Readonly<Record<string, unknown>>;
  /** Keeps tables as Project Nessie does: `main` alone, and of its snapshots the newest. */
  branchless?: boolean;
  /** Merged into the answers of tables. */
  tableResult?: Readonly<Record<string, unknown>>;
  /** The tokens it takes. Undefined: any. */
  tokens?: Set<string>;
  /** Path prefix of this catalog behind `/v1/`. */
  prefix?: string;
  interfere?: (call: ForeignCall) => Interference | undefined;
  /** What it calls the place of its files, and what its clients hear in place of that. */
  readonly shownAs?: { readonly inner: string; readonly outer: string };
  /** Another catalog that it stands in front of; default: this project's own. */
  readonly inner?: string;
  /** Where that has its tables, with the settings by which it reaches them; default: a folder. */
  readonly store?: {
    readonly warehouse: string;
    readonly storage: Readonly<Record<string, string>>;
  };
}
export interface ForeignServer {
  readonly uri: string;
  readonly warehouse: string;
  readonly manners: ForeignManners;
  readonly calls: ForeignCall[];
  close(): Promise<void>;
}

export async function startForeignServer(manners: ForeignManners = {}): Promise<ForeignServer> {
  const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-foreign-'));
  const own =
    manners.inner === undefined
      ? await startCatalog({ ...placeOf(manners, warehouse), catalogName: 'inner' })
      : undefined;
  const calls: ForeignCall[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 599;
      response.end(String(error));
    });
  });

  const { inner: itsPlace = '', outer = '' } = manners.shownAs ?? {};
  const inItsWords = (text: string): string => (outer === '' ? text : text.replaceAll(outer, itsPlace));
  const inWordsOfClients = (text: string): string =>
    itsPlace === '' ? text : text.replaceAll(itsPlace, outer);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call: ForeignCall = {
      method: request.method ?? '',
      path: (request.url ?? '').slice('/v1'.length),
      headers: request.headers,
      body: inItsWords(Buffer.concat(chunks).toString()),
    };
    calls.push(call);
    const given = manners.interfere?.(call);
    if (given !== undefined && given.after !== true) return send(response, given);
    if (
      manners.tokens !== undefined &&
      !manners.tokens.has((request.headers.authorization ?? '').replace(/^Bearer /, ''))
    )
      return send(response, {
        status: 401,
        body: {
          error: {
            message: `not authorized: ${request.headers.authorization}`,
            type: 'NotAuthorizedException',
            code: 401,
          },
        },
      });
    if (manners.oneTableAtATime === true && call.path.endsWith('/transactions/commit'))
      return send(response, { status: 404, body: { error: { message: 'no route', code: 404 } } });
    const isConfig = call.path.startsWith('/config');
    const inner = isConfig
      ? '/v1/config'
      : `/v1${own === undefined ? '' : '/inner'}${call.path.slice(manners.prefix === undefined ? 0 : manners.prefix.length + 1)}`;
    const reply = await fetch(`${own?.uri ?? manners.inner}${inner}`, {
      method: call.method,
      headers: {
        'content-type': 'application/json',
        ...(own === undefined ? {} : { authorization: `Bearer ${own.token}` }),
        ...(typeof call.headers['if-none-match'] === 'string'
          ? { 'if-none-match': call.headers['if-none-match'] }
          : {}),
      },
      ...(call.body === '' ? {} : { body: manners.branchless === true ? onlyMain(call.body) : call.body }),
    });
    const text = inWordsOfClients(await reply.text());
    if (given !== undefined) return send(response, given);
    response.statusCode = reply.status;
    const etag = reply.headers.get('etag');
    if (etag !== null) response.setHeader('etag', etag);
    const told = manners.branchless === true && !isConfig ? onlyNewest(text) : text;
    response.end(isConfig ? configuration(text) : withTableResult(told));
  }

  function configuration(text: string): string {
    const { endpoints, ...rest } = JSON.parse(text) as {
      endpoints: string[];
      overrides: Record<string, string>;
    };
    const shown =
      manners.silent === true
        ? {}
        : {
            endpoints: endpoints.filter(
              (endpoint) => manners.oneTableAtATime !== true || !endpoint.endsWith('transactions/commit'),
            ),
          };
    return JSON.stringify({
      ...rest,
      overrides: manners.prefix === undefined ? {} : { prefix: manners.prefix },
      ...shown,
      ...manners.config,
    });
  }

  // The text is cut and not parsed: its 64-bit numbers must stay as they are.
  const withTableResult = (text: string): string =>
    manners.tableResult === undefined || !text.includes('"metadata":') || !text.endsWith('}')
      ? text
      : `${text.replace(/(?:,"config":\{\})?(?:,"storage-credentials":\[\])?\}$/, '')},${JSON.stringify(manners.tableResult).slice(1)}`;

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    warehouse,
    manners,
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await own?.close();
      rmSync(warehouse, { recursive: true, force: true });
    },
  };
}

function placeOf(
  { store }: ForeignManners,
  folder: string,
): Pick<Parameters<typeof startCatalog>[0], 'warehouse' | 'state' | 'storage'> {
  if (store === undefined) return { warehouse: folder };
  return { warehouse: store.warehouse, state: folder, storage: () => store.storage };
}

function send(response: ServerResponse, { status, headers = {}, body, cut }: Interference): void {
  if (cut === true) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
