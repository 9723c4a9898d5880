/**
 * `npm run build`: sources -> dist/. Plain JavaScript. The code is bundled, libraries included; DuckDB's
 * native part alone stays outside. What every command needs lies in one file, the client of DuckDB in
 * another: a command that has nothing to do loads 4 files. A file costs about 0.3 ms of CPU time, and reading
 * what is not needed as much as running it: `psyberg run` with nothing new took 240 ms of CPU time with 170
 * files, 165 ms with a single one, 125 ms so (2026-11-29, 2 cores, medians of 9).
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds dist/. Returns the compiler's complaints about types, empty when there are none. Throws when nothing
 * could be built.
 */
export async function build() {
  const { rolldown } = await import('rolldown');
  const dist = path.join(root, 'dist');
  // Beside the old one, so that a command that runs meanwhile finds a whole build.
  const fresh = fs.mkdtempSync(`${dist}-`);
  try {
    await bundleOf(rolldown, fresh, { input: { 'lib/index': 'src/index.ts' }, folder: 'lib', format: 'esm' });
    const commands = await bundleOf(rolldown, fresh, {
      input: { 'cli/command-line': 'src/cli/command-line.ts' },
      folder: 'cli',
      format: 'cjs',
    });
    const [entry] = commands.filter(({ isEntry }) => isEntry);
    await bundleOf(rolldown, fresh, {
      input: { 'cli/main': 'src/cli/main.ts' },
      folder: 'cli',
      format: 'esm',
      plugins: [commandLineIn(path.basename(entry.fileName))],
    });
    // Run as a program of its own, beside whichever file holds its caller.
    for (const folder of ['cli', 'lib'])
      fs.copyFileSync(
        path.join(root, 'src/setup/duckdb-install.mjs'),
        path.join(fresh, folder, 'duckdb-install.mjs'),
      );
    fs.chmodSync(path.join(fresh, 'cli', 'main.js'), 0o755);
    // A temporary folder is its maker's alone; a clone that root has set up is used by others.
    fs.chmodSync(fresh, 0o777 & ~process.umask());
    const complaints = declareTypes(path.join(fresh, 'types'));
    fs.rmSync(dist, { recursive: true, force: true });
    fs.renameSync(fresh, dist);
    return complaints;
  } catch (error) {
    fs.rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** The files with which commands begin; what they import goes with them. */
const START = below(
  'cli/command-line',
  'psyberg',
  'project/read-project',
  'workspace/open-workspace',
  'catalog/server/handler',
  'catalog/service/warehouse-catalog',
  'catalog/files/metadata-files',
  'catalog/store/kysely-store',
  'catalog/store/sqlite-dialect',
);
/** What starts DuckDB, and its client. */
const DUCKDB = new RegExp(
  `${below('engine/engine', 'engine/binder', 'engine/open-parser').source}|@duckdb/node-api/`,
);

const GROUPS = [
  { name: 'start', test: START, priority: 2 },
  { name: 'duckdb', test: DUCKDB, priority: 1 },
];

function below(...modules) {
  return new RegExp(`/src/(?:${modules.join('|')})\\.ts$`);
}

const COMMAND_LINE = path.join(root, 'src/setup/bundled-command-line.mjs');

/** The command line of the bundle in place of that of the sources. `file`: its name. */
const commandLineIn = (file) => ({
  name: 'bundled command line',
  resolveId: (id) => (id === './command-line.ts' ? COMMAND_LINE : undefined),
  transform: (code, id) => (id === COMMAND_LINE ? code.replace('BUNDLED_COMMAND_LINE', file) : undefined),
});

/**
 * Bundles into `directory`, and returns the files. They lie two folders deep like the sources: `../../sql`,
 * `../../templates` and `../../package.json` are found from there too.
 */
async function bundleOf(rolldown, directory, { input, folder, format, plugins = [] }) {
  const bundle = await rolldown({
    cwd: root,
    input,
    plugins,
    platform: 'node',
    external: [/^@duckdb\/node-bindings/],
    checks: { ineffectiveDynamicImport: false },
    logLevel: 'warn',
  });
  const extension = format === 'cjs' ? 'cjs' : 'js';
  const { output } = await bundle.write({
    dir: directory,
    format,
    // Compiled code is kept by the name of its file: another content has another name.
    entryFileNames: format === 'cjs' ? '[name]-[hash].cjs' : '[name].js',
    chunkFileNames: `${folder}/[name]-[hash].${extension}`,
    // Names stay: they stand in the trace of an error that nobody foresaw.
    minify: { mangle: false, compress: false, codegen: true },
    codeSplitting: folder === 'cli' && format === 'esm' ? false : { groups: GROUPS },
  });
  await bundle.close();
  for (const { fileName, code } of output)
    if (code !== undefined) fs.writeFileSync(path.join(directory, fileName), inAscii(code));
  return output;
}

/**
 * Without comments other characters stand in texts and patterns alone, where an escape is the same. V8 holds
 * a text with any of them in two bytes a character, and takes twice as long to read it.
 */
function inAscii(code) {
  if (/\\[^\x00-\x7f]/.test(code))
    throw new Error('a character behind a backslash cannot be written as an escape');
  return code.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function declareTypes(directory) {
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc');
  const run = spawnSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', directory], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.dirname(tsc)}${path.delimiter}${process.env['PATH'] ?? ''}` },
  });
  return run.status === 0 ? '' : (run.stdout ?? String(run.error));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const complaints = await build();
  if (complaints !== '') {
    console.error(complaints);
    process.exitCode = 1;
  }
}
