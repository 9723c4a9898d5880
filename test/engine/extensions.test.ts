// Goal: extensions that were checked before are loaded at little cost, and nothing else is loaded unchecked.
// Method: copies of the extensions of this machine, one with a broken byte; DuckDB's own settings.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { version } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { findExtensions } from '../../src/engine/extensions.ts';
import { type Engine, openEngine } from '../../src/engine/index.ts';

const VERSION = version().replace(/^v/, '');
let folder: string;
let engine: Engine;
let files: readonly string[];
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-extensions-test-'));
  engine = await openEngine({ threads: 1 });
  files = (await findExtensions(VERSION)).files;
});
afterAll(() => {
  engine.close();
  fs.rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

const run = (sql: string): Promise<unknown[]> => engine.query({ sql, parameters: {} });

/** A copy of an extension whose signature does not hold any more. */
function broken(file: string, to: string): string {
  const bytes = fs.readFileSync(file);
  const last = bytes.length - 10;
  bytes.writeUInt8(bytes.readUInt8(last) ^ 0xff, last);
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.writeFileSync(to, bytes);
  return to;
}

describe('an engine that is open', () => {
  it('loads no unsigned extension, whoever asks', async () => {
    const other = broken(files[0] as string, path.join(folder, 'other.duckdb_extension'));
    await expect(run(`load '${other}'`)).rejects.toThrow(/signature is either missing or invalid/);
    await expect(run(`install '${other}'`)).rejects.toThrow(/signature|invalid/i);
  });
  it('keeps that door shut', async () => {
    for (const sql of [
      'set allow_unsigned_extensions = true',
      'set global allow_unsigned_extensions = true',
      'pragma allow_unsigned_extensions = true',
    ])
      await expect(run(sql)).rejects.toThrow(/Cannot change allow_unsigned_extensions/);
    await run('reset allow_unsigned_extensions');
    expect(await run("select current_setting('allow_unsigned_extensions') as open")).toEqual([
      { open: false },
    ]);
  });
  it('loads what DuckDB knows by itself, as DuckDB does', async () => {
    expect(
      await run(
        "select current_setting('autoload_known_extensions') as load, current_setting('autoinstall_known_extensions') as install",
      ),
    ).toEqual([{ load: true, install: true }]);
  });
});

describe('extensions that are other ones than those known', () => {
  it('have their signature checked, and are refused without one', async () => {
    const directory = path.join(folder, 'changed');
    const place = (file: string): string => path.join(directory, path.relative(at(files), file));
    for (const file of files.slice(1)) {
      fs.mkdirSync(path.dirname(place(file)), { recursive: true });
      fs.symlinkSync(file, place(file));
    }
    broken(files[0] as string, place(files[0] as string));
    vi.stubEnv('PSYBERG_EXTENSION_DIRECTORY', directory);
    expect(await findExtensions(VERSION)).toMatchObject({ directory, areKnown: false });
    await expect(openEngine({ threads: 1 })).rejects.toMatchObject({
      code: 'extension-missing',
      message: expect.stringMatching(/signature is either missing or invalid/),
    });
  });
});

/** The extension directory of `<directory>/v<version>/<platform>/<file>`. */
const at = ([file = '']: readonly string[]): string => path.resolve(file, '../../..');
