/**
 * `npm run setup`, and the step before demo, test and bench: brings a clone to the point where everything
 * runs. Plain JavaScript for Node >= 20. Says one line for each thing it did; a second run finds all in place
 * and says nothing.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { duckdbVersion, extensionDirectory, installExtensions, missingExtensions } from './extensions.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const inRoot = (...parts) => path.join(root, ...parts);
const STAMP = inRoot('node_modules', '.psyberg-setup');
const BUILD_STAMP = inRoot('dist', '.psyberg-build');
// Native type stripping without a flag begins here; older ones cannot run the sources.
const NODE_MINIMUM = [22, 18];

const say = (line) => console.error(`setup: ${line}`);
function fail({ missing, tried, remedy }) {
  console.error(`setup: ${missing}\n  tried: ${tried.join('\n         ')}\n  to do: ${remedy}`);
  process.exit(1);
}

installPackages();
checkNode();
await installDuckdbExtensions();
buildDist();
linkCommand();

function installPackages() {
  const lockText = fs.readFileSync(inRoot('package-lock.json'), 'utf8');
  const stamp = createHash('sha256').update(lockText).digest('hex');
  if (
    readIfThere(STAMP) === stamp &&
    fs.existsSync(inRoot('node_modules', '@duckdb', 'node-api', 'package.json'))
  )
    return;
  if (!holdsPackagesOf(JSON.parse(lockText))) {
    const why = fs.existsSync(inRoot('node_modules'))
      ? 'they differ from package-lock.json'
      : 'there is no node_modules';
    say(`installing the packages by npm ci, because ${why}`);
    const run = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    if (run.status !== 0) {
      fail({
        missing: 'the packages of package-lock.json are not installed',
        tried: [`npm ci: ${run.error?.message ?? firstLines(run.stderr)}`],
        remedy:
          'make the npm registry reachable (npm config get registry shows which one is used), then run: npm run setup',
      });
    }
  }
  fs.writeFileSync(STAMP, stamp);
}

/**
 * True when npm's own record of node_modules has every package of the lock file; those of other platforms may
 * be absent.
 */
function holdsPackagesOf(lock) {
  const installed =
    JSON.parse(readIfThere(inRoot('node_modules', '.package-lock.json')) ?? '{}').packages ?? {};
  return Object.entries(lock.packages).every(
    ([place, wanted]) =>
      place === '' ||
      (installed[place]?.version ?? (wanted.optional ? wanted.version : undefined)) === wanted.version,
  );
}

/** npm's own lookup must not find the Node that `npm ci` is about to delete. */
function runNpm(parameters) {
  const own = inRoot('node_modules', '.bin');
  const elsewhere = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.resolve(folder) !== own);
  const hasNode = elsewhere.some((folder) => fs.existsSync(path.join(folder, 'node')));
  const environment = { ...process.env, ...(hasNode ? { PATH: elsewhere.join(path.delimiter) } : {}) };
  return spawnSync('npm', parameters, {
    cwd: root,
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function checkNode() {
  const runs = () =>
    spawnSync(inRoot('node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' }).status === 0;
  if (runs()) return;
  // Its install script places the binary; npm skips the script where ignore-scripts is set.
  const rebuild = runNpm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
  if (runs()) {
    say('node_modules/.bin/node was missing; npm rebuild node brought it back');
    return;
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])) {
    say(`node_modules/.bin/node is missing; going on with Node ${process.versions.node}`);
    return;
  }
  fail({
    missing: `node_modules/.bin/node is missing, and Node ${process.versions.node} is older than ${NODE_MINIMUM.join('.')}`,
    tried: [
      `npm rebuild node: ${rebuild.error?.message ?? (firstLines(rebuild.stderr) || 'it ended well, but the binary is still missing')}`,
    ],
    remedy:
      'let npm run the install script of the package node (npm config get ignore-scripts must be false), or use a newer Node; then run: npm run setup',
  });
}

async function installDuckdbExtensions() {
  const version = duckdbVersion(root);
  const directory = extensionDirectory();
  if (missingExtensions(directory, version).length === 0) return;
  const { missing, tried } = await installExtensions({ directory, version, log: say });
  if (missing.length === 0) return;
  fail({
    missing: `DuckDB ${version} extensions are missing in ${directory}: ${missing.join(', ')}`,
    tried,
    remedy:
      "make DuckDB's extension server or a Python package index with pip reachable, then run: npm run setup; or copy the files <name>.duckdb_extension there by hand",
  });
}

function buildDist() {
  const sources = [...filesBelow(inRoot('src')), inRoot('tsconfig.build.json'), inRoot('tsconfig.json')];
  const built = fs.existsSync(BUILD_STAMP) ? fs.statSync(BUILD_STAMP).mtimeMs : 0;
  if (sources.every((file) => fs.statSync(file).mtimeMs <= built)) return;
  // Taken before the compiler starts: a source saved while it runs must count as newer.
  const startedAt = new Date();
  const pinned = inRoot('node_modules', '.bin', 'node');
  const run = spawnSync(
    fs.existsSync(pinned) ? pinned : process.execPath,
    [inRoot('src', 'setup', 'build.mjs')],
    { cwd: root, encoding: 'utf8' },
  );
  if (!fs.existsSync(inRoot('dist', 'cli', 'main.js'))) {
    fail({
      missing: 'dist/ could not be built',
      tried: [`npm run build: ${run.error?.message ?? firstLines(run.stderr)}`],
      remedy: 'run: npm run build',
    });
  }
  if (run.status === 0) {
    fs.writeFileSync(BUILD_STAMP, '');
    fs.utimesSync(BUILD_STAMP, startedAt, startedAt);
    say('dist/ built');
  } else {
    // Not the end: the sources run without dist/, and the one who changes them wants the tests.
    say(`dist/ built with errors, see: npm run build (${firstLines(run.stderr).split('\n')[0]})`);
  }
}

/**
 * Lets `npx psyberg` find the clone's own command: npx looks for installed ones only, and would install the
 * clone into its cache.
 */
function linkCommand() {
  const link = inRoot('node_modules', '.bin', 'psyberg');
  if (fs.lstatSync(link, { throwIfNoEntry: false }) === undefined)
    fs.symlinkSync(path.join('..', '..', 'dist', 'cli', 'main.js'), link);
}

function filesBelow(directory) {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

function readIfThere(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

/** npm and tsc both say the cause first. */
function firstLines(text) {
  return (text ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 4)
    .join('\n         ');
}
