// Goal: a folder is there, or the error names what could not be made. Method: folders of a temporary one, and
// below /proc, where nobody can make any.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeFolder } from '../../src/disk/make-folder.ts';
import { openTransport } from '../../src/observe/lineage/transports.ts';

it('makes a folder with its parents, and leaves one that is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-folder-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const inner = join(folder, 'a/b/c');
  makeFolder(inner);
  makeFolder(inner);
  expect(existsSync(inner)).toBe(true);
});

it('ends where no folder can be made', async () => {
  expect(() => makeFolder('/proc/x/y/z')).toThrow("ENOENT: no such file or directory, mkdir '/proc/x'");
  const events = openTransport({ type: 'file', path: '/proc/x/y/events', append: true });
  events.send({ eventTime: '2024-03-01T00:00:00Z' } as never);
  expect(await events.close(AbortSignal.timeout(1000))).toContain("mkdir '/proc/x'");
});
