/**
 * DuckDB's extensions on disk: where they are, which are missing, how to get them. Plain JavaScript without
 * dependencies, because the setup runs it before anything is installed. Types stand in extensions.d.mts.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const EXTENSION_NAMES = Object.freeze(['avro', 'httpfs', 'iceberg']);

// DuckDB gives up in half a second where nothing answers; a network that swallows packets would hold it for
// minutes.
const INSTALL_TIMEOUT_MS = 60_000;
const PIP_TIMEOUT_MS = 300_000;

export const extensionDirectory = () =>
  process.env['PSYBERG_EXTENSION_DIRECTORY'] || path.join(os.homedir(), '.duckdb', 'extensions');

/**
 * SHA-256 of the files whose signature DuckDB has checked, by DuckDB's version and platform: those that its
 * server and the Python wheels hand out. Any other file has its signature checked whenever it is loaded,
 * which takes 250 ms of CPU time in place of 65 for these digests (all three, 84 MB; 2026-11-29).
 */
export const EXTENSION_DIGESTS = Object.freeze({
  '1.5.5/linux_amd64': Object.freeze({
    avro: 'f9c59d9735863896fb10c78f2d6e23132cc9ede4a4fb8c10a6f523b6d0793c77',
    httpfs: '887c392b1e49128d11667c81e3698d8b00dfdeb456771acf66d05a0f74f7b7d8',
    iceberg: 'ebc4993903de0d71d42fe3027b6691b8d5e5936ed366e98bdb9eab5aeedeb422',
  }),
});

export function platformName() {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  if (process.platform === 'darwin') return `osx_${architecture}`;
  if (process.platform === 'win32') return `windows_${architecture}`;
  return `linux_${architecture}${isMusl() ? '_musl' : ''}`;
}

/** By the loader that Node itself names; a report of the process says it too, and takes 10 ms. */
function isMusl() {
  const head = Buffer.alloc(4096);
  const file = fs.openSync(process.execPath);
  try {
    fs.readSync(file, head);
  } finally {
    fs.closeSync(file);
  }
  if (head.includes('/ld-linux')) return false;
  if (head.includes('/ld-musl')) return true;
  const report = /** @type {{header?: {glibcVersionRuntime?: string}}} */ (process.report?.getReport() ?? {});
  return report.header?.glibcVersionRuntime === undefined;
}

export const extensionFile = (directory, version, name) =>
  path.join(directory, `v${version}`, platformName(), `${name}.duckdb_extension`);

export function missingExtensions(directory, version, names = EXTENSION_NAMES) {
  return names.filter((name) => !fs.existsSync(extensionFile(directory, version, name)));
}

export function duckdbVersion(packageRoot) {
  const file = path.join(packageRoot, 'node_modules', '@duckdb', 'node-api', 'package.json');
  // The package's version is DuckDB's with a release of its own behind it: 1.5.5-r.5.
  return String(JSON.parse(fs.readFileSync(file, 'utf8')).version).replace(/-.*$/, '');
}

export async function installExtensions({ directory, version, names = EXTENSION_NAMES, log = () => {} }) {
  const wanted = missingExtensions(directory, version, names);
  const tried = [];
  const installed = [];
  const routes = [
    { what: "DuckDB's INSTALL", get: (missing) => installByDuckdb(directory, missing) },
    {
      what: `pip download duckdb-extension-<name>==${version}`,
      get: (missing) => installByPip(directory, version, missing),
    },
  ];
  for (const route of routes) {
    const missing = missingExtensions(directory, version, wanted);
    if (missing.length === 0) break;
    const failure = await route.get(missing);
    const got = missing.filter((name) => fs.existsSync(extensionFile(directory, version, name)));
    installed.push(...got);
    if (got.length > 0) log(`DuckDB ${version} extensions ${got.join(', ')} installed by ${route.what}`);
    if (got.length < missing.length)
      tried.push(`${route.what}: ${failure ?? 'it ended well, but left no file'}`);
  }
  return { installed, missing: missingExtensions(directory, version, wanted), tried };
}

/**
 * Runs `INSTALL` in a process of its own: a call that hangs can then be ended. Returns why it failed, or
 * undefined.
 */
async function installByDuckdb(directory, names) {
  const script = fileURLToPath(new URL('./duckdb-install.mjs', import.meta.url));
  const result = await runCommand(process.execPath, [script, directory, ...names], {
    timeout: INSTALL_TIMEOUT_MS,
  });
  return result.failure;
}

async function installByPip(directory, version, names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-extensions-'));
  try {
    const packages = names.map((name) => `duckdb-extension-${name}==${version}`);
    const download = await runCommand(
      'python3',
      [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary=:all:',
        '--dest',
        folder,
        ...packages,
      ],
      { timeout: PIP_TIMEOUT_MS },
    );
    // One package may be there and another not: what was downloaded is used.
    for (const wheel of fs.readdirSync(folder).filter((name) => name.endsWith('.whl'))) {
      const unpacked = path.join(folder, `${wheel}.files`);
      const unzip = await runCommand('python3', ['-m', 'zipfile', '-e', path.join(folder, wheel), unpacked], {
        timeout: PIP_TIMEOUT_MS,
      });
      if (unzip.failure !== undefined) return unzip.failure;
      for (const name of names) {
        const found = findFile(unpacked, `${name}.duckdb_extension`);
        if (found !== undefined) place(found, extensionFile(directory, version, name));
      }
    }
    return download.failure;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies beside the goal and renames: a reader never sees half a file, also when two setups run at once. */
function place(from, to) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  const beside = path.join(path.dirname(to), `.${path.basename(to)}.${process.pid}`);
  try {
    fs.copyFileSync(from, beside);
    fs.renameSync(beside, to);
  } finally {
    fs.rmSync(beside, { force: true });
  }
}

function findFile(directory, name) {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) {
      const found = findFile(file, name);
      if (found !== undefined) return found;
    } else if (entry.name === name) return file;
  }
  return undefined;
}

function runCommand(command, parameters, { timeout }) {
  return new Promise((resolve) => {
    execFile(command, parameters, { timeout, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (!error) return resolve({ failure: undefined });
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT')
        return resolve({ failure: `${command} is not installed` });
      if (error.killed) return resolve({ failure: `no answer within ${timeout / 1000} s` });
      const lines = `${stdout}\n${stderr}`
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
      resolve({
        failure: (
          lines.filter((line) => line.startsWith('ERROR')).at(-1) ??
          lines.at(-1) ??
          error.message
        ).replace(/^ERROR:\s*/, ''),
      });
    });
  });
}
