// Goal: a copy is the file, or it is no copy. Method: files between a folder and a store in memory, both ways,
// with copies that are there already, right and wrong.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { copyVerified } from '../../src/files/copy.ts';
import { mountStore } from '../../src/objects/mounts.ts';
import { storeOnDemand } from '../../src/objects/store-on-demand.ts';
import { type SmallStore, smallStore } from '../support/small-store.ts';

describe('a copy', () => {
  let store: SmallStore;
  let folder: string;
  let file: string;
  const content = Buffer.alloc(200_000, 'rows');
  beforeEach(async () => {
    store = await smallStore();
    onTestFinished(
      mountStore(
        's3://lake/',
        storeOnDemand(() => store.settings),
      ),
    );
    folder = mkdtempSync(join(tmpdir(), 'psyberg-copy-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    file = join(folder, 'a b.parquet');
    writeFileSync(file, content);
  });
  const written = (): string[] => store.asked.filter((each) => each.startsWith('PUT'));

  it('goes to a store once, and back', async () => {
    const to = 's3://lake/copy [1]/h=1/a b.parquet';
    expect(await copyVerified(file, to)).toEqual({ bytes: content.length, isNew: true });
    expect(store.objects.get('lake/copy [1]/h=1/a b.parquet')?.equals(content)).toBe(true);
    expect(await copyVerified(file, to)).toEqual({ bytes: content.length, isNew: false });
    expect(written()).toHaveLength(1);
    const back = join(folder, 'new', 'h=1', 'back.parquet');
    expect(await copyVerified(to, back)).toEqual({ bytes: content.length, isNew: true });
    expect(readFileSync(back).equals(content)).toBe(true);
    expect(readdirSync(join(folder, 'new', 'h=1'))).toEqual(['back.parquet']);
    expect(await copyVerified(to, 's3://lake/other')).toEqual({ bytes: content.length, isNew: true });
  });

  it('takes no other file for itself', async () => {
    store.objects.set('lake/taken', Buffer.from('other'));
    await expect(copyVerified(file, 's3://lake/taken')).rejects.toMatchObject({
      code: 'relocate-target-taken',
    });
    expect(String(store.objects.get('lake/taken'))).toBe('other');
    await expect(copyVerified(join(folder, 'gone'), 's3://lake/gone')).rejects.toMatchObject({
      code: 'relocate-not-verified',
    });
  });

  it('that came out otherwise is told', async () => {
    const keep = store.objects.set.bind(store.objects);
    store.objects.set = (name, body) => keep(name, body.subarray(1));
    await expect(copyVerified(file, 's3://lake/cut')).rejects.toMatchObject({
      code: 'relocate-not-verified',
    });
  });
});
