// Goal: whoever finds a file by its name finds all of it. Method: a large file is written while its name is looked for all the
// time, anew and in place of another; a folder that is missing leaves nothing.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { writeAnew } from '../../src/files/whole.ts';

it('a file is whole as soon as it has its name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-whole-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'v1.metadata.json');
  const sizes = new Set<number>();
  for (const bytes of [40_000_000, 50_000_000]) {
    let isWritten = false;
    const written = writeAnew(path, Buffer.alloc(bytes)).finally(() => {
      isWritten = true;
    });
    while (!isWritten) {
      if (existsSync(path)) sizes.add(statSync(path).size);
      await turn();
    }
    await written;
  }
  sizes.add(statSync(path).size);
  expect([...sizes].sort()).toEqual([40_000_000, 50_000_000]);
  expect(readdirSync(folder)).toEqual(['v1.metadata.json']);
  await expect(writeAnew(join(folder, 'none', 'v1.metadata.json'), Buffer.alloc(1))).rejects.toThrow(
    'ENOENT',
  );
});
