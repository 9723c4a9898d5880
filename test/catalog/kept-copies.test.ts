// Goal: copies of metadata files save requests, and never stand in for another file. Method: a disk that counts
// what it is asked; copies that are damaged or cannot be written.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Disk } from '../../src/catalog/files/disk.ts';
import { keepingCopies } from '../../src/catalog/files/kept-copies.ts';
import { wholeContent } from '../../src/catalog/files/write-whole.ts';

function countingDisk(): { readonly disk: Disk; readonly asked: string[] } {
  const files = new Map<string, Buffer>();
  const asked: string[] = [];
  const disk: Disk = {
    async read(path, use) {
      asked.push(`read ${path}`);
      const content = files.get(path);
      if (content === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
      return use(content);
    },
    look: () => undefined,
    async writeNew(folder, name, content) {
      asked.push(`write ${folder}/${name}`);
      if (files.has(`${folder}/${name}`)) throw new Error('it is there already');
      files.set(`${folder}/${name}`, Buffer.from(wholeContent(content)));
    },
    async remove(paths) {
      for (const path of paths) files.delete(path);
    },
    makeFolder: () => undefined,
    removeFolder: async () => undefined,
    removeEmptyFolder: async () => undefined,
  };
  return { disk, asked };
}

function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-copies-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
const METADATA = 's3://lake/w/raw/events/metadata';
const OTHER = 's3://lake/w/raw/others/metadata';

describe('copies of metadata files', () => {
  it('answer for what was written or read last in a folder, in this process and the next', async () => {
    const { disk, asked } = countingDisk();
    const folder = folderForTest();
    const first = keepingCopies(disk, folder);
    await first.writeNew(METADATA, '0.json', 'zero');
    await first.writeNew(OTHER, '0.json', 'other');
    await first.writeNew(METADATA, '1.json', 'one\ntwo');
    asked.length = 0;
    const second = keepingCopies(disk, folder);
    expect(await second.read(`${METADATA}/1.json`, String)).toBe('one\ntwo');
    expect(await second.read(`${OTHER}/0.json`, String)).toBe('other');
    expect(asked).toEqual([]);
    // An earlier one, as after a commit of somebody else that failed: from where it is, and kept from then on.
    expect(await second.read(`${METADATA}/0.json`, String)).toBe('zero');
    expect(await second.read(`${METADATA}/0.json`, String)).toBe('zero');
    expect(asked).toEqual([`read ${METADATA}/0.json`]);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('are not believed where they are damaged', async () => {
    const { disk, asked } = countingDisk();
    const folder = folderForTest();
    const copies = keepingCopies(disk, folder);
    await copies.writeNew(METADATA, '0.json', '{"a": 1}');
    const [name = ''] = readdirSync(folder);
    const whole = readFileSync(join(folder, name));
    for (const damaged of [
      whole.subarray(0, whole.length - 1),
      Buffer.alloc(0),
      Buffer.from(String(whole).replace('1}', '2}')),
    ]) {
      writeFileSync(join(folder, name), damaged);
      asked.length = 0;
      expect(await copies.read(`${METADATA}/0.json`, String)).toBe('{"a": 1}');
      expect(asked).toEqual([`read ${METADATA}/0.json`]);
    }
  });

  it('are done without where their folder cannot be', async () => {
    const { disk, asked } = countingDisk();
    const file = join(folderForTest(), 'file');
    writeFileSync(file, '');
    const copies = keepingCopies(disk, join(file, 'below'));
    await copies.writeNew(METADATA, '0.json', 'zero');
    expect(await copies.read(`${METADATA}/0.json`, String)).toBe('zero');
    expect(asked).toEqual([`write ${METADATA}/0.json`, `read ${METADATA}/0.json`]);
  });

  it('of a dropped table go, and a file that was not written has none', async () => {
    const { disk } = countingDisk();
    const folder = folderForTest();
    const copies = keepingCopies(disk, folder);
    await copies.writeNew(METADATA, '0.json', 'zero');
    await expect(copies.writeNew(METADATA, '0.json', 'again')).rejects.toThrow('already');
    expect(await copies.read(`${METADATA}/0.json`, String)).toBe('zero');
    await copies.removeFolder('s3://lake/w/raw/events');
    expect(readdirSync(folder)).toEqual([]);
  });
});
