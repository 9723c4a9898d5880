/** Reads a request for the routes: authenticated, split into its parts, its body read within limits. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../iceberg/json.ts';
import { PsybergError } from '../../model/errors.ts';
import { badRequest } from '../errors.ts';

/** Larger than any metadata that a commit carries, but too small to fill the memory. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

export interface CatalogRequest {
  readonly method: string;
  /** The decoded path segments after `/v1`, still with `\u001f` between namespace levels. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The parsed body; throws `bad-request` if it is not JSON. */
  body(): Promise<unknown>;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares the bearer token in constant time: comparing digests also hides the token's length. */
export function isAuthorized(request: IncomingMessage, token: string): boolean {
  const header = request.headers.authorization ?? '';
  const given = /^bearer (.*)$/i.exec(header)?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** @throws PsybergError `bad-request` when the URL cannot be decoded; `no-such-endpoint` outside `/v1`. */
export function readCatalogRequest(message: IncomingMessage): CatalogRequest {
  const [path = '', search = ''] = splitOnce(message.url ?? '/', '?');
  let segments: string[];
  try {
    segments = path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw badRequest('Malformed request: the path is not valid percent-encoding');
  }
  if (segments.at(-1) === '') segments.pop();
  if (segments[0] !== 'v1')
    throw new PsybergError('no-such-endpoint', `No route for request: ${message.method} ${path}`);
  return {
    method: message.method ?? 'GET',
    segments: segments.slice(1),
    query: new URLSearchParams(search),
    headers: message.headers,
    body: () => readBody(message),
  };
}

const splitOnce = (text: string, separator: string): string[] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};

async function readBody(message: IncomingMessage): Promise<unknown> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced > BODY_BYTES_MAX) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw badRequest('Malformed request: the body is not JSON');
  }
}

const tooLarge = (): PsybergError =>
  new PsybergError('request-too-large', `Malformed request: the body is larger than ${BODY_BYTES_MAX} bytes`);
