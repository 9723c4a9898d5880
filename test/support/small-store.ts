/** A server that keeps objects in memory as an S3 store does, without signatures, for tests in one process. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished, type TestContext } from 'vitest';

export interface SmallStore {
  readonly settings: Readonly<Record<string, string>>;
  /** By `bucket/key`; may be changed. */
  readonly objects: Map<string, Buffer>;
  readonly asked: string[];
}

export async function smallStore(): Promise<SmallStore> {
  const objects = new Map<string, Buffer>();
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    asked.push(`${request.method} ${name}`);
    const body = await buffer(request);
    const kept = objects.get(name);
    const end = (
      status: number,
      headers: Record<string, string> = {},
      content: Buffer = Buffer.alloc(0),
    ): void => {
      response.writeHead(status, headers);
      response.end(request.method === 'HEAD' ? undefined : content);
    };
    if (request.method === 'PUT') {
      const { 'content-md5': md5, 'content-length': length } = request.headers;
      if (length !== String(body.length)) return end(411);
      if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) return end(400);
      if (request.headers['if-none-match'] === '*' && kept !== undefined) return end(412);
      objects.set(name, body);
      return end(200);
    }
    if (kept === undefined) return end(404);
    const etag = `"${createHash('md5').update(kept).digest('hex')}"`;
    return end(200, { etag, 'content-length': String(kept.length) }, kept);
  });
  return { settings: await storeSettings(server), objects, asked };
}

/** Has the server listen until the test ends. Returns what a client of S3 is told of it. */
export async function storeSettings(
  server: Server,
  /** Where tests run side by side, that of the test. */
  whenOver: TestContext['onTestFinished'] = onTestFinished,
): Promise<SmallStore['settings']> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  whenOver(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    's3.endpoint': `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    's3.path-style-access': 'true',
    's3.access-key-id': 'key-of-test',
    's3.secret-access-key': 'never-to-be-seen',
  };
}
