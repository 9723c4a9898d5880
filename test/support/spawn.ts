/** Sessions in processes of their own, for tests of crashes, of several processes, and of time zones. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CompiledPlan, RunRecord } from '../../src/index.ts';

const SCRIPT = fileURLToPath(new URL('session-process.ts', import.meta.url));

export interface SpawnOptions {
  readonly processes?: readonly string[];
  readonly killAtStep?: number;
  readonly times?: number;
  readonly plan?: boolean;
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

/** Runs sessions in a child process. Rejects when it ends otherwise than by itself or by SIGKILL. */
export function spawnSessions(project: string, { environment = {}, onReady, ...order }: SpawnOptions = {}): Promise<SpawnResult> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [SCRIPT, project, JSON.stringify(order)], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
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
