/**
 * Python with packages for the interop tests: PyIceberg in `.venv/` of the project, made once and reused.
 * It fails with a clear message where it cannot be made: an interop test that is skipped proves nothing.
 */
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce, PROJECT } from './install-once.ts';

const run = promisify(execFile);

/** Pinned: another release may write other bytes. */
const REQUIREMENTS = ['pyiceberg[pyarrow,pyiceberg-core,sql-sqlite]==0.12.0', 'psycopg2-binary==2.9.13'];

export interface Venv {
  readonly folder: string;
  /** Pinned, as pip takes them. */
  readonly requirements: readonly string[];
}

const OWN: Venv = { folder: join(PROJECT, '.venv'), requirements: REQUIREMENTS };

/** Makes sure that Python with PyIceberg is there. @returns the interpreter's path. */
export const preparePython = (): Promise<string> => prepareVenv(OWN);

/** Makes sure that Python with packages is there. @returns the interpreter's path. */
export async function prepareVenv(venv: Venv): Promise<string> {
  const { folder, requirements } = venv;
  // Written last.
  const mark = join(folder, `installed-${requirements.join(',').replace(/[^a-z0-9.]+/gi, '-')}`);
  await installOnce({
    isInstalled: () => existsSync(mark),
    name: basename(folder).replace(/^\./, ''),
    install: () => install(venv, mark),
  });
  return join(folder, 'bin', 'python');
}

async function install({ folder, requirements }: Venv, mark: string): Promise<void> {
  const python = join(folder, 'bin', 'python');
  try {
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], {
      maxBuffer: 64 * 1024 * 1024,
    });
    writeFileSync(mark, '');
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(
      `Python could not be prepared in ${folder}: ${(stderr || message).trim().split('\n').at(-1)}\n` +
        `Make sure that python3 (3.10 or newer) with the modules venv and pip is installed, and that "pip install ${requirements.join(' ')}" works.`,
      { cause: error },
    );
  }
}

/** Runs a Python program that prints JSON as its last line. `argument` reaches it as `argument`, parsed. */
export async function runPython<T>(program: string, argument: unknown): Promise<T> {
  const interpreter = await preparePython();
  const preamble = 'import json, sys\nargument = json.loads(sys.argv[1])\n';
  try {
    const { stdout } = await run(interpreter, ['-c', preamble + program, JSON.stringify(argument)], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') as T;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    // Without the cause: it repeats the whole command line, token included.
    throw new Error(`The Python program failed:\n${stderr || message}`);
  }
}
