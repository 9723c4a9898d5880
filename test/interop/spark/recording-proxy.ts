/** What Spark is told: an HTTP proxy between Spark and the catalog of a session, that keeps every answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordingProxy {
  /** For `engines.spark.catalog_uri`. */
  readonly uri: string;
  readonly answers: string[];
  /** Method, path and status of each: `POST /v1/… 404`. */
  readonly requests: string[];
  /** Where requests go from now on. */
  passTo(uri: string): void;
  close(): Promise<void>;
}

export async function startRecordingProxy(): Promise<RecordingProxy> {
  let target = '';
  const answers: string[] = [];
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { host: _ofThisOne, 'content-length': _counted, ...headers } = request.headers;
    const reply = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const text = await reply.text();
    answers.push(text);
    requests.push(`${request.method} ${request.url} ${reply.status}`);
    response.statusCode = reply.status;
    for (const name of ['etag', 'content-type']) {
      const value = reply.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    requests,
    passTo(uri) {
      target = uri;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
