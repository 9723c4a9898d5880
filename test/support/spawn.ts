/** Sessions in processes of their own, for tests of crashes, of several processes, and of time zones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CompiledPlan, RunRecord } from '../../src/index.ts';
import type { SessionsOrder } from './session-process.ts';

const SCRIPT = fileURLToPath(new URL('session-process.ts', import.meta.url));

export interface SpawnOptions extends SessionsOrder {
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with the running process once its engine is there. */
  readonly onReady?: (child: ChildProcess) => void;
}
export interface SpawnResult {
  readonly killed: boolean;
  readonly records: readonly RunRecord[];
  readonly plans: readonly CompiledPlan[];
  /** The steps that it told of, one a line. */
  readonly steps: readonly string[];
}

/** Once a process has been stopped by SIGSTOP (Linux: `/proc/<pid>/stat`, the third field). */
export async function untilStopped(pid: number): Promise<void> {
  const endMs = Date.now() + 120_000;
  while (!/^\d+ \(.*\) T /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) {
    if (Date.now() > endMs) throw new Error(`process ${pid} did not stop`);
    await sleep(50);
  }
}

/** Runs sessions in a child process. Rejects when it ends otherwise than by itself or by SIGKILL. */
export function spawnSessions(
  project: string,
  { environment = {}, onReady, ...order }: SpawnOptions = {},
): Promise<SpawnResult> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [SCRIPT, project, JSON.stringify(order)], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let log = '';
    let ready = false;
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => {
      log += String(chunk);
      if (!ready && log.includes('ready\n')) {
        ready = true;
        onReady?.(child);
      }
    });
    child.once('error', failed);
    child.once('close', (code, signal) => {
      const steps = log.split('\n').filter((line) => line !== '' && line !== 'ready');
      if (signal === 'SIGKILL') return done({ killed: true, records: [], plans: [], steps });
      if (code !== 0) return failed(new Error(`the session process ended with ${signal ?? code}:\n${log}`));
      const { records, plans } = JSON.parse(output.trim().split('\n').at(-1) as string) as SpawnResult;
      done({ killed: false, records, plans, steps });
    });
  });
}

/**
 * Reads in a child process until it is stopped; `stop` returns what it saw, in order, the same result in a
 * row once.
 */
export function spawnReader(
  project: string,
  query: string,
): {
  readonly ready: Promise<void>;
  /** How often it has read so far. */
  reads(): number;
  stop(): Promise<unknown[]>;
} {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('reader-process.ts', import.meta.url)), project, query],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  const closed = new Promise<number | null>((done) => child.once('close', done));
  const ready = new Promise<void>((done, failed) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += String(chunk);
      if (log.includes('ready\n')) done();
    });
    void closed.then(() => failed(new Error(log)));
  });
  return {
    ready,
    reads: () => log.split('\n').filter((line) => line.startsWith('read')).length,
    async stop() {
      child.kill('SIGTERM');
      if ((await closed) !== 0) throw new Error(`the reader failed:\n${log}`);
      return JSON.parse(output.trim().split('\n').at(-1) as string) as unknown[];
    },
  };
}
