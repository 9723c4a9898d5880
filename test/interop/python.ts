/**
 * Python with PyIceberg for the interop tests: `.venv/` in the project, made once and reused.
 * It fails with a clear message where it cannot be made: an interop test that is skipped proves nothing.
 */
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installOnce, PROJECT } from './install-once.ts';

const run = promisify(execFile);

/** Pinned: another release may write other bytes. */
const REQUIREMENTS = ['pyiceberg[pyarrow,pyiceberg-core,sql-sqlite]==0.12.0', 'psycopg2-binary==2.9.13'];

const venv = join(PROJECT, '.venv');
const python = join(venv, 'bin', 'python');
/** Written last. */
const mark = join(venv, `installed-${REQUIREMENTS.join(',').replace(/[^a-z0-9.]+/gi, '-')}`);

/** Makes sure that Python with PyIceberg is there. @returns the interpreter's path. */
export async function preparePython(): Promise<string> {
  await installOnce({ isInstalled: () => existsSync(mark), name: 'venv', install });
  return python;
}

async function install(): Promise<void> {
  try {
    rmSync(venv, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', venv]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...REQUIREMENTS], {
      maxBuffer: 64 * 1024 * 1024,
    });
    writeFileSync(mark, '');
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(
      `PyIceberg could not be installed into ${venv}: ${(stderr || message).trim().split('\n').at(-1)}\n` +
        `Make sure that python3 (3.10 or newer) with the modules venv and pip is installed, and that "pip install ${REQUIREMENTS.join(' ')}" works.`,
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
