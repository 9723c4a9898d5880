// Goal: one command brings a clone to life, and the second one is silent. Method: a small clone whose npm,
// python3 and build are scripts that write down how they were called.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const setup = path.join(import.meta.dirname, '../../src/setup');
let clone: string;
let calls: string;
let bin: string;
const NPM_CI = `mkdir -p node_modules/@duckdb/node-api node_modules/.bin
echo '{"version":"9.9.9-r.1"}' > node_modules/@duckdb/node-api/package.json
printf '#!/bin/sh\\nexec ${process.execPath} "$@"' > node_modules/.bin/node
chmod +x node_modules/.bin/*`;
const BUILD = `import fs from 'node:fs';
fs.appendFileSync(process.env.CALLS, 'build\\n');
fs.mkdirSync('dist/cli', { recursive: true });
fs.writeFileSync('dist/cli/main.js', '');`;
const PYTHON = `case "$2" in
  pip) while [ "$1" != --dest ]; do shift; done; touch "$2/a.whl" ;;
  zipfile) mkdir -p "$5"; touch "$5/avro.duckdb_extension" "$5/httpfs.duckdb_extension" "$5/iceberg.duckdb_extension" ;;
esac`;

beforeEach(() => {
  clone = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-clone-'));
  bin = path.join(clone, 'bin');
  calls = path.join(clone, 'calls');
  fs.mkdirSync(bin);
  fs.writeFileSync(calls, '');
  fs.mkdirSync(path.join(clone, 'src/setup'), { recursive: true });
  for (const name of ['install.mjs', 'extensions.mjs', 'duckdb-install.mjs'])
    fs.copyFileSync(path.join(setup, name), path.join(clone, 'src/setup', name));
  fs.writeFileSync(path.join(clone, 'src/setup/build.mjs'), BUILD);
  fs.writeFileSync(
    path.join(clone, 'package-lock.json'),
    '{"packages":{"":{},"node_modules/@duckdb/node-api":{"version":"9.9.9-r.1"}}}',
  );
  for (const name of ['tsconfig.json', 'tsconfig.build.json']) fs.writeFileSync(path.join(clone, name), '{}');
  fake('npm', NPM_CI);
  fake('python3', PYTHON);
});
afterEach(() => fs.rmSync(clone, { recursive: true, force: true }));

const fake = (name: string, script: string): void =>
  fs.writeFileSync(path.join(bin, name), `#!/bin/sh\necho "${name} $1 $2" >> $CALLS\n${script}\n`, {
    mode: 0o755,
  });
function install(): { status: number | null; said: string; called: string[] } {
  fs.writeFileSync(calls, '');
  const run = spawnSync(process.execPath, [path.join(clone, 'src/setup/install.mjs')], {
    encoding: 'utf8',
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: clone, CALLS: calls },
  });
  return {
    status: run.status,
    said: run.stdout + run.stderr,
    called: fs
      .readFileSync(calls, 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
  };
}

describe('npm run setup', () => {
  it('installs what is missing with one line for each, and finds everything the second time', () => {
    expect(install()).toEqual({
      status: 0,
      said: 'setup: installing the packages by npm ci, because there is no node_modules\nsetup: DuckDB 9.9.9 extensions avro, httpfs, iceberg installed by pip download duckdb-extension-<name>==9.9.9\nsetup: dist/ built\n',
      called: ['npm ci --no-audit', 'python3 -m pip', 'python3 -m zipfile', 'build'],
    });
    expect(install()).toEqual({ status: 0, said: '', called: [] });
  });

  it('installs again when the lock file asks for another version, not when npm has already installed it', () => {
    install();
    const lock = (version: string): string =>
      `{"packages":{"node_modules/@duckdb/node-api":{"version":"${version}"},"node_modules/other-platform":{"version":"1","optional":true}}}`;
    fs.writeFileSync(path.join(clone, 'package-lock.json'), lock('9.9.10-r.1'));
    expect(install().said).toContain(
      'installing the packages by npm ci, because they differ from package-lock.json',
    );
    fs.writeFileSync(path.join(clone, 'package-lock.json'), `${lock('9.9.11-r.1')}\n`);
    fs.writeFileSync(path.join(clone, 'node_modules/.package-lock.json'), lock('9.9.11-r.1'));
    expect(install()).toEqual({ status: 0, said: '', called: [] });
  });

  it('builds again when a source is newer', () => {
    install();
    const later = new Date(Date.now() + 5000);
    fs.writeFileSync(path.join(clone, 'src/new.ts'), '');
    fs.utimesSync(path.join(clone, 'src/new.ts'), later, later);
    expect(install()).toMatchObject({ said: 'setup: dist/ built\n', called: ['build'] });
  });

  it('says what is missing and what to do when npm fails', () => {
    fake('npm', 'echo "npm error network is down" >&2; exit 1');
    expect(install()).toMatchObject({
      status: 1,
      said: 'setup: installing the packages by npm ci, because there is no node_modules\nsetup: the packages of package-lock.json are not installed\n  tried: npm ci: npm error network is down\n  to do: make the npm registry reachable (npm config get registry shows which one is used), then run: npm run setup\n',
    });
  });

  it('says what is missing and what to do when no way to the extensions works', () => {
    fake('python3', 'echo "No module named pip" >&2; exit 1');
    const { status, said } = install();
    expect(status).toBe(1);
    expect(said).toContain(
      `setup: DuckDB 9.9.9 extensions are missing in ${clone}/.duckdb/extensions: avro, httpfs, iceberg\n  tried: DuckDB's INSTALL: `,
    );
    expect(said).toContain(
      '\n         pip download duckdb-extension-<name>==9.9.9: No module named pip\n  to do: ',
    );
  });

  it('notices that the Node of the package is missing, and tries to bring it back', () => {
    install();
    fs.rmSync(path.join(clone, 'node_modules/.bin/node'));
    expect(install()).toMatchObject({
      status: 0,
      said: 'setup: node_modules/.bin/node was missing; npm rebuild node brought it back\n',
      called: ['npm rebuild node'],
    });
    fs.rmSync(path.join(clone, 'node_modules/.bin/node'));
    fake('npm', 'true');
    expect(install()).toMatchObject({
      status: 0,
      said: `setup: node_modules/.bin/node is missing; going on with Node ${process.versions.node}\n`,
    });
  });
});
