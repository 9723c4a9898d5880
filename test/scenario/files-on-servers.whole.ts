// Goal: files behind a web address are loaded once, and a change of one stops the session, as on this machine.
// Method: a server on this machine that serves texts, sessions over its addresses.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { processFile, worldForTest } from '../support/world.ts';

interface Served {
  text: string;
  modified: string;
}

/** What is asked for is looked up with its query. */
async function serve(files: ReadonlyMap<string, Served>): Promise<string> {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) return response.writeHead(404).end();
    const bytes = Buffer.from(file.text);
    response.writeHead(200, { 'content-length': bytes.length, 'last-modified': file.modified });
    return request.method === 'HEAD' ? response.end() : response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('are read once, by their addresses', { timeout: 60_000 }, async () => {
  const line = (id: number): string => `{"id":${id},"ts":"2023-09-14T01:10:00Z"}\n`;
  const [MORNING, NOON] = ['Thu, 14 Sep 2023 06:00:00 GMT', 'Thu, 14 Sep 2023 12:00:00 GMT'];
  const files = new Map<string, Served>([
    ['/a.jsonl', { text: line(1), modified: MORNING }],
    ['/b.jsonl?signature=x%2Fy&n=1', { text: line(2) + line(3), modified: MORNING }],
  ]);
  const server = await serve(files);
  const addresses = [...files.keys()].map((path) => server + path);
  const load = (source: Record<string, unknown>) =>
    processFile(
      {
        process_name: 'load',
        pattern: 'stateless',
        sources: [{ files: addresses, format: 'json', alias: 'orders', event_time: 'ts', ...source }],
        target: { table: 'raw.orders' },
      },
      'select id, filename from orders',
    );
  const world = await worldForTest({ processes: [load({})] });
  await world.publish('load');
  expect(await world.rows('select id, filename from raw.orders order by all')).toEqual(
    [
      ['1', addresses[0]],
      ['2', addresses[1]],
      ['3', addresses[1]],
    ].map((row) => JSON.stringify(row)),
  );
  expect((await world.run())[0]?.status).toBe('nothing-new');
  files.set('/a.jsonl', { text: line(4), modified: NOON });
  expect((await world.run())[0]?.error).toMatchObject({
    code: 'file-changed',
    context: { file: addresses[0] },
  });
  world.writeProcess(load({ on_file_change: 'load-again' }));
  await world.reopen();
  await world.publish('load');
  expect((await world.rows('select id from raw.orders')).sort()).toEqual(
    ['1', '2', '3', '4'].map((id) => `["${id}"]`),
  );
  files.delete('/a.jsonl');
  expect((await world.run())[0]?.error).toMatchObject({ code: 'files-unreadable' });
});
