// Goal: a file is whole or not there. Method: files of a temporary folder, and one that cannot be written.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeAtOnce } from '../../src/disk/write-at-once.ts';

it('writes over an older file, and leaves nothing where it cannot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeAtOnce(join(folder, 'a'), 'long text');
  writeAtOnce(join(folder, 'a'), 'short');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('short');
  mkdirSync(join(folder, 'taken'));
  expect(() => writeAtOnce(join(folder, 'taken'), 'x')).toThrow('EISDIR');
  expect(() => writeAtOnce(join(folder, 'none/b'), 'x')).toThrow('ENOENT');
  expect(readdirSync(folder).sort()).toEqual(['a', 'taken']);
});
