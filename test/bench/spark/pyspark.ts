/**
 * PySpark's own client of Spark Connect as a process that runs jobs, in a venv in `.cache`. It talks to the
 * same server as psyberg, so that what is compared is what is asked of Spark.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CACHE, installOnce } from '../../interop/install-once.ts';
import { SPARK_VERSION } from '../../interop/spark/connect.ts';

const run = promisify(execFile);
const venv = join(CACHE, `pyspark-client-${SPARK_VERSION}`);
const mark = join(venv, 'installed');

/** @throws Error with the words of pip. */
async function python(): Promise<string> {
  const program = join(venv, 'bin', 'python');
  await installOnce({
    isInstalled: () => existsSync(mark),
    name: 'pyspark-client',
    async install() {
      rmSync(venv, { recursive: true, force: true });
      await run('python3', ['-m', 'venv', venv]);
      const packages = [`pyspark-client==${SPARK_VERSION}`];
      await run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
        maxBuffer: 64 * 1024 * 1024,
      });
      writeFileSync(mark, '');
    },
  });
  return program;
}

export interface PySparkOrder {
  readonly remote: string;
  /** Of the session, with the catalog `lake` among them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly source: string;
  readonly target: string;
  readonly select: string;
}

export interface PySpark {
  readonly pid: number;
  /** Appends a landing hour. @returns the rows. @throws Error with Spark's words. */
  append(hour: number): Promise<number>;
  close(): void;
}

/** Resolves when it takes jobs. */
export async function startPySpark(order: PySparkOrder): Promise<PySpark> {
  const child = spawn(await python(), [join(import.meta.dirname, 'job.py'), JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('PySpark has ended');
    return value;
  };
  await next();
  return {
    pid: child.pid as number,
    async append(hour) {
      child.stdin.write(`${JSON.stringify({ hour })}\n`);
      const { rows, error } = JSON.parse(await next()) as { rows?: number; error?: string };
      if (rows === undefined) throw new Error(error);
      return rows;
    },
    close: () => void child.kill(),
  };
}
