// Goal: an address at which something else answers is told from a Spark that fails, whatever answers there. Method:
// servers of other protocols, and one that takes connections and says nothing, which engines.spark.timeout ends.
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openSparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';

async function remoteOf(server: net.Server | http2.Http2Server): Promise<string> {
  const open = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => open.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return `sc://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

it.each([
  {
    what: 'HTTP/1.1',
    server: () => http.createServer((_request, response) => void response.end('<html>')),
  },
  {
    what: 'HTTP/2 that knows no such path',
    server: () =>
      http2.createServer((_request, response) => {
        response.writeHead(404, { 'content-type': 'text/html' });
        response.end('<html>');
      }),
  },
  {
    what: 'HTTP/2 with a page for every path',
    server: () =>
      http2.createServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<html>Welcome</html>');
      }),
  },
  {
    what: 'HTTP/2 with an empty page',
    server: () => http2.createServer((_request, response) => void response.end()),
  },
  {
    what: 'HTTP/2 that sends one elsewhere',
    server: () =>
      http2.createServer((_request, response) => {
        response.writeHead(302, { location: '/login' });
        response.end();
      }),
  },
  {
    what: 'a protocol of its own',
    server: () => net.createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
  },
])('$what is no Spark Connect server', async ({ server }) => {
  const remote = await remoteOf(server());
  const session = openSparkSession({ remote: parseRemote(remote) });
  const error = await session.version().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'spark-unreachable',
    message: expect.stringContaining(remote.slice('sc://'.length)),
    hint: expect.stringContaining('engines.spark.remote'),
  });
  await session.close();
});

it('what says nothing has not answered in time', async () => {
  const remote = await remoteOf(net.createServer());
  const session = openSparkSession({ remote: parseRemote(remote), timeoutMs: 300 });
  await expect(session.version()).rejects.toMatchObject({
    code: 'spark-timeout',
    hint: expect.stringContaining('engines.spark.timeout'),
  });
  // Nobody waits for the end of a session that was never opened.
  void session.interrupt().catch(() => undefined);
  await session.close();
});
