/**
 * One Spark Connect server for all test files of a run: the first that asks starts it, and the run's end stops it. A
 * test that kills its Spark starts one of its own.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installOnce } from '../install-once.ts';
import { startSparkConnect } from './connect.ts';

/** Names a Spark that runs already, `sc://…`; or the folder in which the run's own is written down. */
const GIVEN = 'PSYBERG_TEST_SPARK';
const FOLDER = 'PSYBERG_TEST_SPARK_FOLDER';

/** The address of the run's Spark. @throws Error with the end of its log when it does not start. */
export async function sharedSpark(): Promise<string> {
  const given = process.env[GIVEN];
  if (given !== undefined) return given;
  const folder = process.env[FOLDER];
  if (folder === undefined) throw new Error('vitest.whole.config.ts names no global setup');
  const told = join(folder, 'spark.json');
  await installOnce({
    isInstalled: () => existsSync(told),
    name: 'spark-shared',
    async install() {
      const { remote, pid, home } = await startSparkConnect({ outlives: true });
      writeFileSync(told, JSON.stringify({ remote, pid, home }));
    },
  });
  return (JSON.parse(readFileSync(told, 'utf8')) as { readonly remote: string }).remote;
}

/** Before all files of a run; what it returns is called after them. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-spark-run-'));
  process.env[FOLDER] = folder;
  return () => {
    const told = join(folder, 'spark.json');
    if (existsSync(told)) {
      const { pid, home } = JSON.parse(readFileSync(told, 'utf8')) as { pid: number; home: string };
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
