/**
 * Sends one request to a store over HTTP, and returns its answer. Uses node:http and node:https: `fetch`
 * takes no certificates, and cannot tell a long answer from none. Connections are kept.
 */
import { lookup as lookUp } from 'node:dns';
import { createWriteStream, readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { bundleWith } from './certificates.ts';

export interface StoreRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | Blob | undefined;
  /** A file to which the body of an answer with status 200 is written. */
  readonly into?: string | undefined;
  /** The longest time without any traffic, in ms. */
  readonly stallMs: number;
  /** The longest time for all of it, in ms. */
  readonly wholeMs: number;
  /** Certificates (PEM) to trust in addition to those of this machine. */
  readonly caFile?: string | undefined;
}

export interface StoreAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Nothing came for as long as the request may wait. */
export class StoreStalled extends Error {
  readonly waitedMs: number;
  constructor(waitedMs: number) {
    super(`nothing came for ${waitedMs / 1000} s`);
    this.waitedMs = waitedMs;
  }
}

/** @throws StoreStalled, the error of the connection, or PsybergError `tls-file-unreadable`. */
export async function sendHttp(request: StoreRequest): Promise<StoreAnswer> {
  const { method, url, headers, body, into, stallMs, wholeMs, caFile } = request;
  const isSecure = url.startsWith('https:');
  const length = body === undefined ? 0 : body instanceof Blob ? body.size : body.length;
  // Sent explicitly, since a stream of unknown length would be sent in chunks, which stores refuse.
  const sized = method === 'PUT' || method === 'POST' ? { 'content-length': String(length) } : {};
  const signal = AbortSignal.timeout(wholeMs);
  const sent = (isSecure ? https : http).request(url, {
    method,
    headers: { ...headers, ...sized },
    agent: isSecure ? secureAgent(caFile) : plainAgent,
    signal,
    // Set here, it counts from the beginning of the connection, and also while the body of the answer comes.
    timeout: stallMs,
  });
  sent.on('timeout', () => sent.destroy(new StoreStalled(stallMs)));
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
    // What breaks while the body of the answer comes is reported by that body.
    sent.on('error', () => undefined);
    if (body instanceof Blob) pipeline(Readable.fromWeb(body.stream()), sent).catch(() => undefined);
    else sent.end(body);
    // A store may answer before it has read everything: then that answer counts.
    return await answerOf(await answered, into);
  } catch (error) {
    if (signal.aborted) throw new StoreStalled(wholeMs);
    throw sent.errored instanceof StoreStalled ? sent.errored : error;
  }
}

async function answerOf(response: IncomingMessage, into: string | undefined): Promise<StoreAnswer> {
  const status = response.statusCode ?? 0;
  const headers = new Headers(
    Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    ),
  );
  if (into === undefined || status !== 200) return { status, headers, body: await buffer(response) };
  await pipeline(response, createWriteStream(into));
  return { status, headers, body: Buffer.alloc(0) };
}

/**
 * Resolves names below `localhost` to this machine (RFC 6761, section 6.3), which not every resolver does.
 * DuckDB finds buckets or accounts of a local store there.
 */
const lookup: LookupFunction = (host, options, found) =>
  lookUp(/\.localhost\.?$/i.test(host) ? 'localhost' : host, options, found);
const plainAgent = new http.Agent({ keepAlive: true, lookup });
/** Keyed by the file of certificates; `''` for those of this machine alone. */
const agents = new Map<string, https.Agent>();

function secureAgent(caFile = ''): https.Agent {
  const known = agents.get(caFile);
  if (known !== undefined) return known;
  const ca = caFile === '' ? {} : { ca: readFileSync(bundleWith(caFile)) };
  const agent = new https.Agent({ keepAlive: true, lookup, ...ca });
  agents.set(caFile, agent);
  return agent;
}
