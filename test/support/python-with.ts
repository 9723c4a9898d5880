/** Python with packages of its own for a test, in `.cache`: made once and reused. */
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE, installOnce } from '../interop/install-once.ts';

const run = promisify(execFile);

export interface PythonPackages {
  /** Of its folder. */
  readonly name: string;
  /** Pinned: another release may behave otherwise. */
  readonly requirements: readonly string[];
}

/** The folder of its programs, such as `python`. Fails with pip's last words where it cannot be made. */
export async function pythonWith({ name, requirements }: PythonPackages): Promise<string> {
  const venv = join(CACHE, name);
  const bin = join(venv, 'bin');
  /** Written last. */
  const mark = join(venv, `installed-${requirements.join(',').replace(/[^a-z0-9.]+/gi, '-')}`);
  const install = async (): Promise<void> => {
    rmSync(venv, { recursive: true, force: true });
    try {
      await run('python3', ['-m', 'venv', venv]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements];
      await run(join(bin, 'python'), pip, { maxBuffer: 64 * 1024 * 1024 });
    } catch (error) {
      const { stderr, message } = error as { stderr?: string; message: string };
      throw new Error(`${name} could not be installed: ${(stderr || message).trim().split('\n').at(-1)}`, {
        cause: error,
      });
    }
    writeFileSync(mark, '');
  };
  await installOnce({ isInstalled: () => existsSync(mark), name, install });
  return bin;
}
