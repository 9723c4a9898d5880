/** An engine with its macros and a folder of its own, for all tests of a file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Engine, forkWithMacros, openEngine } from '../../src/engine/index.ts';

/** `name`: what the folder's name begins with. Both go after the last test. */
export async function engineInFolder(
  name: string,
): Promise<{ readonly engine: Engine; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), name));
  const base = await openEngine();
  const engine = await forkWithMacros(base);
  afterAll(() => {
    base.close();
    rmSync(folder, { recursive: true });
  });
  return { engine, folder };
}
