/**
 * A proxy in front of an HTTP server of this machine that answers as late as one elsewhere would, and keeps
 * what it was asked. Requests -> the same requests, answered no sooner than after a delay.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** The header `Range`, where there is one. */
  readonly range: string | undefined;
  /** Which of the proxy's connections it came over, counted from 1. */
  readonly connection: number;
  /** True for those of DuckDB, which says its name; psyberg's own say none. */
  readonly isOfDuckdb: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}
export interface DelayedProxy {
  /** `http://127.0.0.1:PORT` */
  readonly uri: string;
  /** The least time from a request to its answer; may be changed. */
  delayMs: number;
  /** What it was asked since the last call, in the order of the answers, and connections made meanwhile. */
  taken(): { readonly requests: readonly ProxiedRequest[]; readonly connections: number };
  close(): Promise<void>;
}

/** Longer than any pause of a client: a connection that the proxy ended would be counted again. */
const KEEP_ALIVE_MS = 300_000;

/** `target`: `http://HOST:PORT` of the server. */
export async function startDelayedProxy(target: string): Promise<DelayedProxy> {
  const agent = new Agent({ keepAlive: true });
  let requests: ProxiedRequest[] = [];
  let connections = 0;
  let numbered = 0;
  const numbers = new WeakMap<Socket, number>();

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAtMs = performance.now();
    const body = await buffer(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const reply = await new Promise<IncomingMessage>((answered, failed) => {
      // The header Host stays: it is signed.
      request(`${target}${url}`, { method, headers, agent }, answered).on('error', failed).end(body);
    });
    const content = await buffer(reply);
    await sleep(Math.max(0, proxy.delayMs - (performance.now() - startedAtMs)));
    const { connection: _ended, 'transfer-encoding': _chunked, ...kept } = reply.headers;
    const length = method === 'HEAD' ? {} : { 'content-length': String(content.length) };
    const status = reply.statusCode ?? 502;
    response.writeHead(status, { ...kept, ...length });
    response.end(content);
    requests.push({
      method,
      path: url,
      status,
      range: headers.range,
      connection: numbers.get(incoming.socket) ?? 0,
      isOfDuckdb: /duckdb/i.test(headers['user-agent'] ?? ''),
      startedAtMs,
      endedAtMs: performance.now(),
    });
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('connection', (socket) => {
    connections += 1;
    numbered += 1;
    numbers.set(socket, numbered);
    socket.setNoDelay(true);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const proxy: DelayedProxy = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs: 0,
    taken() {
      const counted = { requests, connections };
      requests = [];
      connections = 0;
      return counted;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      agent.destroy();
    },
  };
  return proxy;
}
