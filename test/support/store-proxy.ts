/**
 * A proxy in front of an object store that hands requests on, late or not at all, and cuts answers. It keeps
 * the header Host, which is part of a signature.
 */
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https, { type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `mute`: takes the request, and says nothing · `lost`: has the store do it, and says nothing · `half`: half
 * of the body of the answer comes, and then nothing · else an answer of its own.
 */
export type StoreInterference =
  | 'mute'
  | 'lost'
  | 'half'
  | { readonly status: number; readonly code: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly delayMs: number };

export interface AskedOfStore {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The name of the key that signed it. */
  readonly keyId: string | undefined;
}
export interface StoreProxy {
  readonly port: number;
  readonly asked: AskedOfStore[];
  /** May be set anew; undefined: everything is as it should be. */
  interfere: ((asked: AskedOfStore) => StoreInterference | undefined) | undefined;
  close(): Promise<void>;
}

/** `tls`: it is spoken to by TLS. */
export async function startStoreProxy(target: string, tls?: ServerOptions): Promise<StoreProxy> {
  const agent = new http.Agent({ keepAlive: true });
  const asked: AskedOfStore[] = [];
  const answer: RequestListener = (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const keyId = /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1];
    const each = { method, url, headers, keyId };
    asked.push(each);
    void handle({ incoming, response, given: proxy.interfere?.(each), target, agent });
  };
  const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const proxy: StoreProxy = {
    port: (server.address() as AddressInfo).port,
    asked,
    interfere: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      agent.destroy();
    },
  };
  return proxy;
}

interface Handling {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly given: StoreInterference | undefined;
  readonly target: string;
  readonly agent: http.Agent;
}

async function handle({ incoming, response, given, target, agent }: Handling): Promise<void> {
  if (given === 'mute') return void incoming.resume();
  const { method, url, headers } = incoming;
  if (typeof given === 'object' && 'status' in given) {
    incoming.resume();
    response.writeHead(given.status, { 'content-type': 'application/xml', ...given.headers });
    const said = `<Error><Code>${given.code}</Code><Message>for ${headers.authorization}</Message></Error>`;
    return void response.end(method === 'HEAD' ? undefined : said);
  }
  if (typeof given === 'object') await sleep(given.delayMs);
  const forward = http.request(`${target}${url}`, { method, headers, agent }, (reply) => {
    if (given === 'lost') return void reply.resume();
    response.writeHead(reply.statusCode ?? 500, reply.headers);
    if (given !== 'half') return void reply.pipe(response);
    reply.once('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, Math.floor(chunk.length / 2)));
      reply.destroy();
    });
    reply.once('end', () => response.end());
  });
  forward.on('error', () => incoming.socket.destroy());
  incoming.pipe(forward);
}
