// Goal: a file is read once, and again as soon as it may be another one. Method: files of a folder, with times
// set back as if they had been there for long.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { areExpected } from '../../src/engine/known-files.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const LATER_MS = 60_000;

let folder: string;
let file: string;
let found: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-known-files-test-'));
  file = path.join(folder, 'a');
  found = path.join(folder, 'found.json');
  fs.writeFileSync(file, 'right');
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(folder, { recursive: true, force: true });
});

const isExpected = (text: string): boolean => areExpected([{ path: file, sha256: digest(text) }], found);
/** As if it were long after the file was written. */
const later = (): void => {
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + LATER_MS);
};

describe('a file', () => {
  it('is the expected one by its bytes', () => {
    expect(isExpected('right')).toBe(true);
    expect(isExpected('wrong')).toBe(false);
  });
  it('that is missing is not', () => {
    fs.rmSync(file);
    expect(isExpected('right')).toBe(false);
  });
  it('is known again without being read', () => {
    later();
    expect(isExpected('right')).toBe(true);
    const marks: string[] = JSON.parse(fs.readFileSync(found, 'utf8'));
    expect(marks).toEqual([expect.stringContaining(digest('right'))]);
    // What was kept is believed: of these bytes it would be the wrong digest.
    fs.writeFileSync(found, JSON.stringify([(marks[0] as string).replace(digest('right'), digest('kept'))]));
    expect(isExpected('kept')).toBe(true);
  });
  it('that was written again is read again, though its length and its own time are the same', () => {
    later();
    expect(isExpected('right')).toBe(true);
    const { atime, mtime } = fs.statSync(file);
    fs.writeFileSync(file, 'wrong');
    fs.utimesSync(file, atime, mtime);
    expect(isExpected('right')).toBe(false);
  });
  it('that was written just now is not kept', () => {
    expect(isExpected('right')).toBe(true);
    expect(fs.existsSync(found)).toBe(false);
  });
});

describe('what was found', () => {
  it('is no help where it cannot be read or written', () => {
    later();
    fs.writeFileSync(found, 'no list');
    expect(isExpected('right')).toBe(true);
    const nowhere = path.join(folder, 'none', 'found.json');
    expect(areExpected([{ path: file, sha256: digest('right') }], nowhere)).toBe(true);
  });
});
