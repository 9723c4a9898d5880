/**
 * `npm run build`: sources -> dist/. Plain JavaScript. The code is bundled, libraries included (DuckDB's
 * binding stays outside): a command imports 4 files instead of 480. Measured on 2026-11-22, 2 cores, cold
 * process: importing the library 80 ms bundled, 400 ms as single files (kysely 115 ms, zod 70 ms, yaml 27
 * ms).
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
    const bundle = await rolldown({
      cwd: root,
      input: { 'cli/main': 'src/cli/main.ts', 'lib/index': 'src/index.ts' },
      platform: 'node',
      external: [/^@duckdb\//],
      checks: { ineffectiveDynamicImport: false },
      logLevel: 'warn',
    });
    // Two folders deep like the sources: `../../sql`, `../../templates` and `../../package.json` are found
    // from both.
    await bundle.write({
      dir: fresh,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'lib/[name]-[hash].js',
    });
    await bundle.close();
    // Run as a program of its own, beside whichever file holds its caller.
    for (const folder of ['cli', 'lib'])
      fs.copyFileSync(
        path.join(root, 'src/setup/duckdb-install.mjs'),
        path.join(fresh, folder, 'duckdb-install.mjs'),
      );
    fs.chmodSync(path.join(fresh, 'cli', 'main.js'), 0o755);
    const complaints = declareTypes(path.join(fresh, 'types'));
    fs.rmSync(dist, { recursive: true, force: true });
    fs.renameSync(fresh, dist);
    return complaints;
  } catch (error) {
    fs.rmSync(fresh, { recursive: true, force: true });
    throw error;
  }
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
