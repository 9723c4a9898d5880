// Goal: a store that says nothing, or stops in the middle, is waited for as long as the settings say and no
// longer; what comes slowly comes whole. Method: a server that withholds answers, and one that sends them in
// small parts.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { type ObjectStore, objectStore } from '../../src/objects/object-store.ts';
import { storeSettings } from '../support/small-store.ts';

/** Seconds: the shortest that the setting takes. */
const STALL = '1';

async function storeOf(
  { onTestFinished }: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, number: number) => void,
): Promise<{
  readonly store: ObjectStore;
  readonly asked: string[];
  readonly settings: Readonly<Record<string, string>>;
}> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response, asked.length);
  });
  const settings = { ...(await storeSettings(server, onTestFinished)), 's3.request-timeout': STALL };
  return { store: objectStore(() => settings), asked, settings };
}

/** A port that listens, on which nobody takes a connection and no more of them may wait. */
async function portWithoutPlace({ onTestFinished }: TestContext): Promise<number> {
  const source = `
    const server = require('node:net').createServer().listen(0, '127.0.0.1', 1, () => {
      require('node:worker_threads').parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const worker = new Worker(source, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const waiting = [1, 2, 3, 4].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
  onTestFinished(async () => {
    for (const each of waiting) each.destroy();
    await worker.terminate();
  });
  await once(waiting[0] as (typeof waiting)[number], 'connect');
  return port;
}

const content = Buffer.from('0123456789');
const half = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': String(content.length) });
  response.write(content.subarray(0, 5));
};

// Side by side: each waits for a server of its own.
describe.concurrent('a store that', () => {
  it('says nothing is asked three times, and the error names what was asked and the wait', async (test) => {
    const { store, asked } = await storeOf(test, () => undefined);
    const error = await store.list('s3://lake/raw/').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'storage-unreachable',
      retryable: true,
      message: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+ does not go on: GET s3:\/\/lake\/ was asked 3 times, and the last time nothing came for 1 s$/,
      ),
      hint: expect.stringContaining('s3.request-timeout'),
      context: { waited_seconds: 1 },
    });
    expect(asked).toHaveLength(3);
    expect(JSON.stringify(error)).not.toContain('never-to-be-seen');
  });

  it('takes no connection is waited for as long as one that says nothing', async (test) => {
    const port = await portWithoutPlace(test);
    const settings = {
      's3.endpoint': `http://127.0.0.1:${port}`,
      's3.path-style-access': 'true',
      's3.access-key-id': 'a',
      's3.secret-access-key': 'b',
      's3.request-timeout': STALL,
    };
    await expect(objectStore(() => settings).read('s3://lake/one')).rejects.toMatchObject({
      code: 'storage-unreachable',
      context: { waited_seconds: 1 },
    });
  }, 20_000);

  it('said nothing a moment ago is asked once, and not for long', async (test) => {
    const { store, asked } = await storeOf(test, () => undefined);
    await expect(store.read('s3://lake/one')).rejects.toMatchObject({ code: 'storage-unreachable' });
    await expect(store.read('s3://lake/two')).rejects.toMatchObject({ context: { waited_seconds: 0.2 } });
    expect(asked).toHaveLength(4);
  });

  it('stops in the middle of an answer is asked again', async (test) => {
    const { store, asked } = await storeOf(test, (_request, response, number) => {
      if (number === 1) half(response);
      else response.end(content);
    });
    expect(await store.read('s3://lake/one')).toEqual(content);
    expect(asked).toHaveLength(2);
  });

  it('stops in the middle of a file is asked again, and the file is whole', async (test) => {
    const folder = mkdtempSync(join(tmpdir(), 'psyberg-stalled-'));
    test.onTestFinished(() => rmSync(folder, { recursive: true }));
    const { store } = await storeOf(test, (_request, response, number) => {
      if (number === 1) half(response);
      else response.end(content);
    });
    await store.download('s3://lake/one', join(folder, 'one'));
    expect(readFileSync(join(folder, 'one'))).toEqual(content);
  });

  it('sends slowly is not hurried: only silence counts', async (test) => {
    const { store, asked } = await storeOf(test, (_request, response) => {
      response.writeHead(200, { 'content-length': String(content.length) });
      let sent = 0;
      const timer = setInterval(() => {
        response.write(content.subarray(sent, sent + 2));
        sent += 2;
        if (sent < content.length) return;
        clearInterval(timer);
        response.end();
      }, 400);
    });
    expect(await store.read('s3://lake/one')).toEqual(content);
    expect(asked).toHaveLength(1);
  });

  it('writes and says nothing has written once, and we know it', async (test) => {
    const kept: Buffer[] = [];
    const { store } = await storeOf(test, async (request, response) => {
      const body = await buffer(request);
      if (request.method === 'GET') response.end(kept[0]);
      else if (kept.length > 0) response.writeHead(412).end();
      else kept.push(body);
    });
    expect(await store.writeNew('s3://lake/one', content)).toBe(true);
    expect(kept).toEqual([content]);
  });
});

it('a store that may say nothing for longer than a minute, and then takes longer for all of it', async (test) => {
  const limits = vi.spyOn(AbortSignal, 'timeout');
  test.onTestFinished(() => limits.mockRestore());
  const { store, settings } = await storeOf(test, (_request, response) => response.end(content));
  await store.read('s3://lake/one');
  const patient = objectStore(() => ({ ...settings, 's3.request-timeout': '300' }));
  expect(await patient.read('s3://lake/one')).toEqual(content);
  expect(limits.mock.calls).toEqual([[60_000], [600_000]]);
});

it.each(['0', '-1', 'soon', '9999999'])('a wait of %s is refused', async (seconds) => {
  const settings = {
    's3.access-key-id': 'a',
    's3.secret-access-key': 'b',
    's3.request-timeout': seconds,
  };
  await expect(objectStore(() => settings).read('s3://lake/one')).rejects.toMatchObject({
    code: 'storage-setting-invalid',
    hint: expect.stringContaining('s3.request-timeout'),
  });
});
