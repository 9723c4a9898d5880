/**
 * PyIceberg as somebody else who writes and reads tables, through REST or on the catalog's database. Requests (see
 * `source_writer.py`) -> commits, and rows as PyIceberg itself reads them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { World } from '../../support/world.ts';
import { preparePython } from '../python.ts';

export type Via = 'rest' | 'sql';

export interface PyIceberg {
  /** Requests go to the catalog of this world from now on. */
  connect(world: World): Promise<void>;
  /** @throws Error with Python's message. */
  ask<T = unknown>(kind: string, request: object): Promise<T>;
  close(): Promise<void>;
}

export async function startPyIceberg(): Promise<PyIceberg> {
  const child = spawn(await preparePython(), [join(import.meta.dirname, 'source_writer.py')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    printed = (printed + String(chunk)).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function ask<T>(kind: string, request: object): Promise<T> {
    child.stdin.write(`${JSON.stringify({ ...request, kind })}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Python has ended:\n${printed}`);
    const told = JSON.parse(value) as { readonly answer?: T; readonly error?: string; readonly at?: string };
    if (told.error !== undefined) throw new Error(told.error, { cause: told.at });
    return told.answer as T;
  }
  return {
    ask,
    async connect(world) {
      const { uri, token } = world.psyberg.internals.catalog;
      await ask('connect', { uri, token, warehouse: world.warehouse, scratch: world.root });
    },
    async close() {
      const gone = child.exitCode === null ? once(child, 'exit') : undefined;
      child.stdin.end();
      await gone;
    },
  };
}
