/** `psyberg notebook`: JupyterLab in the project's folder, with a kernel that runs TypeScript. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import { findProjectRoot } from '../project/read-project.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import type { Shell } from './shell.ts';

export function addNotebookCommand(root: Command, act: Act): void {
  root
    .command('notebook')
    .description('JupyterLab over the project, with Deno as the kernel for TypeScript')
    .argument('[file]', 'a notebook to open')
    .argument('[options...]', "JupyterLab's own, after --")
    .addHelpText(
      'after',
      example(
        'psyberg notebook',
        'psyberg notebook examples/notebooks/late-data.ipynb',
        'psyberg notebook -- --no-browser --port=8900',
      ),
    )
    .action(act(notebook));
}

/** Later ones lose outputs of cells that are run without a browser: 2.8 and 2.9 were tried. */
const INSTALL_DENO = 'npm install --save-dev --save-exact deno@2.7.14';
const INSTALL_LAB = 'pip install jupyterlab';

async function notebook(shell: Shell, first: string | undefined, others: readonly string[]): Promise<number> {
  const root = findProjectRoot(shell.options.project ?? '.');
  const { deno } = requireTools(root);
  // Options behind `--` may come without a file before them.
  const isOption = first?.startsWith('-') === true;
  const opened = first === undefined || isOption ? root : fileThere(first);
  const options = isOption ? [first, ...others] : others;
  requirePackage(deno, isFolder(opened) ? opened : path.dirname(opened));
  setUpKernel(deno);
  // What a notebook in Python runs as a command is this very one.
  const command = [process.execPath, fileURLToPath(new URL('main.js', import.meta.url))];
  const env = { ...process.env, PSYBERG: process.env['PSYBERG'] ?? command.map(quoted).join(' ') };
  shell.note('JupyterLab runs until it is stopped: Ctrl-C');
  return new Promise((done, failed) => {
    const lab = spawn('jupyter', ['lab', opened, ...options], { cwd: root, env, stdio: 'inherit' });
    // Ctrl-C reaches the server by itself, which asks before it ends.
    process.on('SIGINT', () => undefined);
    process.on('SIGTERM', () => lab.kill('SIGTERM'));
    lab.on('error', failed);
    lab.on('close', (code) => done(code === null || code === 0 ? EXIT.done : EXIT.failed));
  });
}

/** Notebooks in `folder` can import the package. Throws `usage` with the command that installs it there. */
function requirePackage(deno: string, folder: string): void {
  const ask = ['eval', "import.meta.resolve('psyberg')"];
  if (spawnSync(deno, ask, { cwd: folder, stdio: 'ignore' }).status === 0) return;
  const own = fileURLToPath(new URL('../..', import.meta.url));
  throw usageError('usage', `notebooks in ${folder} could not import 'psyberg': it is no dependency there`, {
    hint: `in that folder, or in one above: npm install ${own.replace(/[\\/]$/, '')}`,
    context: { folder },
  });
}

const isFolder = (place: string): boolean => statSync(place).isDirectory();

/** A kernel that is there stays, whoever's Deno it is; one whose Deno is gone is set up again. */
function setUpKernel(deno: string): void {
  const install = (...options: readonly string[]) =>
    spawnSync(deno, ['jupyter', '--install', ...options], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
  const first = install();
  const there = /kernel already exists at (.+?),/.exec(first.stderr)?.[1];
  if (there !== undefined && hasProgram(path.join(there, 'kernel.json'))) return;
  const { status, stderr } = there === undefined ? first : install('--force');
  if (status === 0) return;
  const said = /^error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim();
  throw usageError('usage', `the kernel could not be set up: ${said}`, {
    hint: `set it up by hand: ${deno} jupyter --install --force`,
  });
}

/** False where the program that a kernel's file names is no longer there. */
function hasProgram(file: string): boolean {
  try {
    const { argv } = JSON.parse(readFileSync(file, 'utf8')) as { readonly argv: readonly string[] };
    const [program = ''] = argv;
    return program !== '' && (!path.isAbsolute(program) || existsSync(program));
  } catch {
    return false;
  }
}

function fileThere(file: string): string {
  const place = path.resolve(file);
  if (existsSync(place)) return place;
  throw usageError('usage', `there is no ${file}`, {
    hint: 'name a notebook or a folder that is there; JupyterLab makes new ones',
    context: { file },
  });
}

/** Throws `usage` with the commands that install what is not there. */
function requireTools(root: string): { readonly deno: string } {
  const deno = denoOf(root);
  const hasLab = spawnSync('jupyter', ['lab', '--version'], { stdio: 'ignore' }).status === 0;
  if (deno !== undefined && hasLab) return { deno };
  const missing = [...(hasLab ? [] : ['JupyterLab']), ...(deno === undefined ? ['Deno'] : [])];
  const commands = [...(hasLab ? [] : [INSTALL_LAB]), ...(deno === undefined ? [INSTALL_DENO] : [])];
  throw usageError('usage', `${missing.join(' and ')} cannot be found here`, {
    hint: `install what is missing, then the same again: ${commands.join(' && ')}`,
    context: { missing, commands },
  });
}

/** Deno in `node_modules` of the project or of a folder above, else the one on the machine's path. */
function denoOf(root: string): string | undefined {
  for (let folder = root; ; folder = path.dirname(folder)) {
    const own = path.join(folder, 'node_modules', '.bin', 'deno');
    if (existsSync(own)) return own;
    if (folder === path.dirname(folder)) break;
  }
  return spawnSync('deno', ['--version'], { stdio: 'ignore' }).status === 0 ? 'deno' : undefined;
}

/** The text in quotes, so that a shell reads it as one word. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
