/**
 * What stands before a Spark Connect server that others may reach: a proxy for gRPC with TLS of its own, which
 * lets in whoever has the token and passes everything else on.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TlsProxy {
  readonly port: number;
  /** PEM file of the authority that vouches for it. */
  readonly authority: string;
  /** Statuses that it has answered itself. */
  readonly refused: number[];
  close(): Promise<void>;
}

/** `target`: port of a Spark Connect server on this machine. */
export async function startTlsProxy(target: number, token: string): Promise<TlsProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-tls-'));
  makeCertificates(folder);
  const refused: number[] = [];
  const inner = connect(`http://127.0.0.1:${target}`);
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({
    key: readFileSync(join(folder, 'server.key')),
    cert: readFileSync(join(folder, 'server.pem')),
  });
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // Who goes away in the middle of a statement is no failure of the proxy.
    stream.on('error', () => undefined);
    if (headers.authorization !== `Bearer ${token}`) {
      refused.push(UNAUTHENTICATED);
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': String(UNAUTHENTICATED),
          'grpc-message': 'no token, or another one',
        },
        { endStream: true },
      );
      return;
    }
    const { ':authority': _ofTheProxy, authorization: _checked, ...passed } = headers;
    const asked = inner.request({ ...(passed as OutgoingHttpHeaders), ':scheme': 'http' });
    passBack(stream, asked);
    stream.pipe(asked);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    authority: join(folder, 'ca.pem'),
    refused,
    async close() {
      inner.destroy();
      for (const session of sessions) session.destroy();
      await new Promise((done) => server.close(done));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Status of gRPC. */
const UNAUTHENTICATED = 16;

/** Headers, messages and trailers, as they come. */
function passBack(stream: ServerHttp2Stream, asked: ReturnType<ReturnType<typeof connect>['request']>): void {
  let trailers: OutgoingHttpHeaders = {};
  asked.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  asked.on('response', (headers, flags) => {
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (!stream.headersSent && !stream.destroyed)
      stream.respond(
        headers as OutgoingHttpHeaders,
        isWhole ? { endStream: true } : { waitForTrailers: true },
      );
    if (isWhole) return;
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    asked.pipe(stream);
  });
  asked.on('trailers', (headers) => {
    trailers = headers as OutgoingHttpHeaders;
  });
  stream.on('aborted', () => asked.close(constants.NGHTTP2_CANCEL));
}

/** `ca.pem`, and `server.pem` with `server.key` for this machine by `localhost` and 127.0.0.1. */
export function makeCertificates(folder: string): void {
  const openssl = (...words: string[]): void =>
    void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=tests');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'server.pem', '-extfile', 'names');
}
