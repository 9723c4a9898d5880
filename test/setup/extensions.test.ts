// Goal: extensions are fetched once, by whichever way works. Method: a fake python3 first in PATH stands in
// for the package index.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  duckdbVersion,
  extensionDirectory,
  extensionFile,
  installExtensions,
  missingExtensions,
  platformName,
} from '../../src/setup/extensions.mjs';

// DuckDB's own INSTALL knows no such extension, wherever the test runs.
const NAMES = ['nosuchextension'];
let folder: string;
let directory: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-setup-test-'));
  directory = path.join(folder, 'extensions');
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true, force: true });
});

function fakePython(script: string): void {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  fs.writeFileSync(path.join(bin, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
}

describe('installExtensions', () => {
  it('takes the file from the wheel when INSTALL fails, and does nothing the second time', async () => {
    const log = path.join(folder, 'log');
    fakePython(`echo "$@" >> ${log}
case "$2" in
  pip) while [ "$1" != --dest ]; do shift; done; echo wheel > "$2/nosuchextension.whl" ;;
  zipfile) mkdir -p "$5/pkg/extensions" && echo binary > "$5/pkg/extensions/nosuchextension.duckdb_extension" ;;
esac`);
    fs.writeFileSync(log, '');
    const lines: string[] = [];
    const install = () =>
      installExtensions({ directory, version: '1.5.5', names: NAMES, log: (line) => lines.push(line) });
    const first = await install();
    expect(first).toMatchObject({ installed: NAMES, missing: [] });
    expect(first.tried).toHaveLength(1);
    const file = extensionFile(directory, '1.5.5', 'nosuchextension');
    expect(fs.readFileSync(file, 'utf8')).toBe('binary\n');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['nosuchextension.duckdb_extension']);
    const calls = fs.readFileSync(log, 'utf8');
    expect(calls).toContain('duckdb-extension-nosuchextension==1.5.5');

    expect(await install()).toEqual({ installed: [], missing: [], tried: [] });
    expect(fs.readFileSync(log, 'utf8')).toBe(calls);
    expect(lines).toEqual([
      'DuckDB 1.5.5 extensions nosuchextension installed by pip download duckdb-extension-<name>==1.5.5',
    ]);
  });

  it('says for each way why it failed, and leaves nothing behind', async () => {
    fakePython('echo "ERROR: No matching distribution found" >&2; exit 1');
    const result = await installExtensions({ directory, version: '1.5.5', names: NAMES });
    expect(result).toMatchObject({ installed: [], missing: NAMES });
    expect(result.tried).toEqual([
      expect.stringMatching(/^DuckDB's INSTALL: ./),
      'pip download duckdb-extension-<name>==1.5.5: No matching distribution found',
    ]);
    expect(missingExtensions(directory, '1.5.5', NAMES)).toEqual(NAMES);
  });

  it('says that python3 is missing', async () => {
    vi.stubEnv('PATH', folder);
    const { tried } = await installExtensions({ directory, version: '1.5.5', names: NAMES });
    expect(tried[1]).toBe('pip download duckdb-extension-<name>==1.5.5: python3 is not installed');
  });
});

describe('the place of the extensions', () => {
  it("is DuckDB's own folder for its version and platform, unless the environment names another", () => {
    vi.stubEnv('PSYBERG_EXTENSION_DIRECTORY', '');
    expect(extensionDirectory()).toBe(path.join(os.homedir(), '.duckdb/extensions'));
    vi.stubEnv('PSYBERG_EXTENSION_DIRECTORY', '/somewhere');
    expect(extensionFile(extensionDirectory(), '1.5.5', 'avro')).toBe(
      `/somewhere/v1.5.5/${platformName()}/avro.duckdb_extension`,
    );
  });

  it('follows the version of the DuckDB that is installed, as DuckDB itself says it', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    expect((await connection.runAndReadAll('select version()')).getRows()[0]?.[0]).toBe(
      `v${duckdbVersion(path.join(import.meta.dirname, '../..'))}`,
    );
    expect((await connection.runAndReadAll('pragma platform')).getRows()[0]?.[0]).toBe(platformName());
  });
});
