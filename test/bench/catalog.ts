/**
 * The embedded catalog as its clients meet it: a server in a process of its own, requests over HTTP on open
 * connections. Times are of whole requests, from the first byte sent to the last one received, beside a
 * request that asks for nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { renderJson } from '../../src/iceberg/json.ts';
import { append, SCHEMA } from '../catalog/fixture.ts';
import { missingPostgres, startPostgres } from '../support/postgres.ts';
import { type Timing, timed, timingOf } from './measure.ts';

const SNAPSHOTS = 1000;
const TABLES = 16;
const COMMITS = 1600;
const REQUESTS = Number(process.env['PSYBERG_BENCH_REQUESTS'] ?? 100_000);

interface Server {
  readonly importMs: number;
  readonly startMs: number;
  /** Sends a request; throws unless the answer is a success. @returns the body. */
  send(method: string, where: string, body?: unknown): Promise<string>;
  memory(): Promise<{ residentMb: number; heapMb: number }>;
  stop(): Promise<void>;
}

async function startServer(warehouse: string, database?: string): Promise<Server> {
  const script = path.join(import.meta.dirname, 'catalog-server.ts');
  const child: ChildProcess = spawn(
    process.execPath,
    ['--expose-gc', script, warehouse, ...(database === undefined ? [] : [database])],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  const nextLine = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the catalog server ended');
    return JSON.parse(value as string) as T;
  };
  const { uri, token, importMs, startMs } = await nextLine<{
    uri: string;
    token: string;
    importMs: number;
    startMs: number;
  }>();
  const agent = new http.Agent({ keepAlive: true, maxSockets: TABLES });
  const send = (method: string, where: string, body?: unknown): Promise<string> =>
    new Promise((done, failed) => {
      const request = http.request(
        `${uri}/v1/${where}`,
        { method, agent, headers: { authorization: `Bearer ${token}` } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if ((response.statusCode as number) < 400) done(text);
            else failed(new Error(`${method} ${where}: ${response.statusCode} ${text}`));
          });
        },
      );
      request.on('error', failed);
      request.end(body === undefined ? undefined : renderJson(body));
    });
  return {
    importMs,
    startMs,
    send,
    memory() {
      child.stdin?.write('\n');
      return nextLine();
    },
    stop() {
      agent.destroy();
      child.stdin?.end();
      return new Promise((done) => child.once('close', () => done()));
    },
  };
}

const exactMs = ({ medianMs, minMs, maxMs, runs }: Timing): string =>
  `${medianMs.toFixed(1)} ms (${minMs.toFixed(1)} to ${maxMs.toFixed(1)}, ${runs} runs)`;
const TABLE = (name: string): string => `psyberg/namespaces/facts/tables/${name}`;
const createTable = (
  server: Server,
  name: string,
  properties: Record<string, string> = {},
): Promise<string> =>
  server.send('POST', 'psyberg/namespaces/facts/tables', { name, schema: SCHEMA, properties });
const EMPTY_NAMESPACE = { namespace: ['facts'], properties: {} };

/** One table of 1,000 snapshots: load, load of what changed since (nothing), commit. */
async function bigTable(server: Server): Promise<string[]> {
  await createTable(server, 'big');
  const updates = Array.from(
    { length: SNAPSHOTS },
    (_, n) => append(BigInt(n + 1), n === 0 ? null : BigInt(n)).updates,
  ).flat();
  await server.send('POST', TABLE('big'), { requirements: [], updates });
  let last = BigInt(SNAPSHOTS);
  const nothing = await timed(200, () => server.send('HEAD', 'psyberg/namespaces/facts'));
  const load = await timed(200, () => server.send('GET', TABLE('big')));
  const commit = await timed(100, async () => {
    await server.send('POST', TABLE('big'), append(last + 1n, last));
    last += 1n;
  });
  return [
    `request that asks for nothing        ${exactMs(nothing)}`,
    `load, ${SNAPSHOTS.toLocaleString('en')} snapshots                ${exactMs(load)}`,
    `commit to it                         ${exactMs(commit)}`,
  ];
}

/** As many writers as tables, each appending to its own as fast as it is answered. */
async function manyTables(server: Server): Promise<string> {
  const names = Array.from({ length: TABLES }, (_, n) => `table_${n}`);
  for (const name of names) await createTable(server, name);
  const startedMs = performance.now();
  await Promise.all(
    names.map(async (name) => {
      for (let n = 1; n <= COMMITS / TABLES; n += 1)
        await server.send('POST', TABLE(name), append(BigInt(n), n === 1 ? null : BigInt(n - 1)));
    }),
  );
  return `${Math.round(COMMITS / ((performance.now() - startedMs) / 1000))} commits/s over ${TABLES} tables (${COMMITS.toLocaleString('en')} commits)`;
}

/** Loads, listings, probes for what is not there, and a commit in fifty. */
async function flatMemory(server: Server): Promise<string> {
  await createTable(server, 'busy', {
    'write.metadata.delete-after-commit.enabled': 'true',
    'write.metadata.previous-versions-max': '5',
  });
  const ask = (n: number): Promise<unknown> => {
    if (n % 50 === 0)
      return server.send('POST', TABLE('busy'), {
        requirements: [],
        updates: [{ action: 'set-properties', updates: { turn: String(n) } }],
      });
    if (n % 5 === 0) return server.send('GET', 'psyberg/namespaces/facts/tables');
    if (n % 5 === 1) return server.send('HEAD', TABLE('nothing')).catch(() => undefined);
    return server.send('GET', TABLE('busy'));
  };
  let next = 0;
  const sendUpTo = async (count: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: TABLES }, async () => {
        while (next < count) {
          next += 1;
          await ask(next);
        }
      }),
    );
  };
  const seen: string[] = [];
  const startedMs = performance.now();
  for (const share of [0.1, 0.4, 0.7, 1]) {
    await sendUpTo(REQUESTS * share);
    const { residentMb, heapMb } = await server.memory();
    seen.push(
      `${residentMb.toFixed(0)} MB (heap ${heapMb.toFixed(1)}) after ${(REQUESTS * share).toLocaleString('en')}`,
    );
  }
  return `${seen.join(', ')}; ${Math.round(REQUESTS / ((performance.now() - startedMs) / 1000)).toLocaleString('en')} requests/s`;
}

export async function catalogBench(): Promise<string[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  const lines: string[] = [];
  try {
    const starts: Timing[] = [];
    const [importMs, startMs, firstMs]: [number[], number[], number[]] = [[], [], []];
    for (let n = 0; n < 7; n += 1) {
      const server = await startServer(path.join(folder, 'start'));
      importMs.push(server.importMs);
      startMs.push(server.startMs);
      const askedMs = performance.now();
      await server.send('GET', 'config');
      firstMs.push(performance.now() - askedMs);
      await server.stop();
    }
    starts.push(timingOf(startMs), timingOf(importMs), timingOf(firstMs));
    lines.push(`start until it listens               ${exactMs(starts[0] as Timing)}`);
    lines.push(
      `  before: its modules from source    ${exactMs(starts[1] as Timing)}; after: first answer ${exactMs(starts[2] as Timing)}`,
    );
    const sqlite = await startServer(path.join(folder, 'sqlite'));
    await sqlite.send('POST', 'psyberg/namespaces', EMPTY_NAMESPACE);
    lines.push(...(await bigTable(sqlite)));
    lines.push(`SQLite                               ${await manyTables(sqlite)}`);
    lines.push(`memory                               ${await flatMemory(sqlite)}`);
    await sqlite.stop();
    if (missingPostgres() === undefined) {
      const postgres = await startPostgres();
      const server = await startServer(path.join(folder, 'postgres'), await postgres.createDatabase());
      await server.send('POST', 'psyberg/namespaces', EMPTY_NAMESPACE);
      lines.push(`PostgreSQL, without fsync            ${await manyTables(server)}`);
      await server.stop();
      await postgres.close();
    }
    return lines;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
