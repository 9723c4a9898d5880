// Goal: the files of a folder are those that a person would count there, each once, under the name that the
// ledger keeps. Method: folders with links, names that look like globs, and things that are no files, listed.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.ts';
import { changedSince, listFiles } from '../../src/landing/list-files.ts';
import type { FilesSpec } from '../../src/model/files-source.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine();
});
afterAll(() => engine.close());

const NOW = Date.now();
const specOf = (root: string, ...globs: string[]): FilesSpec => ({
  globs,
  root,
  format: 'json',
  options: {},
  onFileChange: 'refuse',
  onBadRows: 'refuse',
  settleMs: 0,
});

/** A folder with these files, each with its own path in it. */
function folder(...files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-list-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  return root;
}

const paths = async (spec: FilesSpec): Promise<string[]> =>
  (await listFiles(engine, spec, NOW + 60_000)).map(({ path }) => path).sort();

describe('the files of a folder', () => {
  it('are relative to the project where the glob is, each once, with size and time', async () => {
    const root = folder('in/a.jsonl', 'in/b.jsonl', 'in/c.csv', 'in/deep/d.jsonl');
    utimesSync(join(root, 'in/a.jsonl'), 1_700_000_000, 1_700_000_000.25);
    expect(await paths(specOf(root, 'in/*.jsonl', 'in/a*'))).toEqual(['in/a.jsonl', 'in/b.jsonl']);
    expect(await paths(specOf(root, 'in/**/*.jsonl'))).toEqual([
      'in/a.jsonl',
      'in/b.jsonl',
      'in/deep/d.jsonl',
    ]);
    expect(await paths(specOf(root, join(root, 'in/a.*')))).toEqual([join(root, 'in/a.jsonl')]);
    expect(await paths(specOf(join(root, 'in'), '../in/c.csv'))).toEqual(['c.csv']);
    const [file] = await listFiles(engine, specOf(root, 'in/a.jsonl'), NOW);
    expect(file).toEqual({
      path: 'in/a.jsonl',
      bytes: 10n,
      modifiedAtUs: 1_700_000_000_250_000n,
      etag: null,
    });
    expect(await paths(specOf(root, 'out/*.jsonl', 'in/z.jsonl'))).toEqual([]);
  });

  it('are left alone while they may be written', async () => {
    const root = folder('a.jsonl', 'b.jsonl');
    utimesSync(join(root, 'a.jsonl'), NOW / 1000 - 40, NOW / 1000 - 40);
    utimesSync(join(root, 'b.jsonl'), NOW / 1000 - 20, NOW / 1000 - 20);
    const listed = await listFiles(engine, { ...specOf(root, '*.jsonl'), settleMs: 30_000 }, NOW);
    expect(listed.map(({ path }) => path)).toEqual(['a.jsonl']);
  });

  it('may have names that look like globs, and be links; a link to nothing is none', async () => {
    const root = folder('in/[a]*.jsonl', 'in/a?.jsonl', "in/it's {1}.jsonl", 'elsewhere/b.jsonl');
    symlinkSync(join(root, 'elsewhere/b.jsonl'), join(root, 'in/link.jsonl'));
    symlinkSync(join(root, 'elsewhere'), join(root, 'linked'));
    symlinkSync(join(root, 'nowhere'), join(root, 'in/dead.jsonl'));
    mkdirSync(join(root, 'in/folder.jsonl'));
    const all = ['in/[a]*.jsonl', 'in/a?.jsonl', "in/it's {1}.jsonl", 'in/link.jsonl'];
    expect(await paths(specOf(root, 'in/*.jsonl'))).toEqual(all.sort());
    expect(await paths(specOf(root, 'in/[[]a]*'))).toEqual(['in/[a]*.jsonl']);
    expect(await paths(specOf(root, 'linked/*.jsonl'))).toEqual(['linked/b.jsonl']);
  });

  it.skipIf(process.getuid?.() === 0)(
    'cannot be listed where the folder is closed to this user',
    async () => {
      const root = folder('in/a.jsonl');
      chmodSync(join(root, 'in'), 0);
      onTestFinished(() => chmodSync(join(root, 'in'), 0o700));
      await expect(paths(specOf(root, 'in/*.jsonl'))).rejects.toMatchObject({
        code: 'files-unreadable',
        context: { glob: 'in/*.jsonl' },
      });
    },
  );

  it('tell what changed since they were listed', async () => {
    const root = folder('a.jsonl', 'b.jsonl');
    const listed = await listFiles(engine, specOf(root, '*.jsonl'), NOW);
    expect(await changedSince({ root }, listed)).toBeUndefined();
    writeFileSync(join(root, 'b.jsonl'), 'more than it was');
    expect(await changedSince({ root }, listed)).toMatchObject({ path: 'b.jsonl' });
    rmSync(join(root, 'a.jsonl'));
    expect(await changedSince({ root }, listed)).toMatchObject({ path: 'a.jsonl' });
  });
});
