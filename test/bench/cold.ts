/** The whole command `psyberg run` as an orchestrator starts it: a new process each time. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { range, timed } from './measure.ts';
import { benchProject } from './project.ts';

const COMMAND = path.join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export async function coldBench(): Promise<string[]> {
  const project = await benchProject();
  try {
    await project.land(1000, 0);
    await project.psyberg.run();
    const run = async (expected: string): Promise<void> => {
      const child = spawnSync(process.execPath, [COMMAND, 'run', '--project', project.root, '--json'], {
        encoding: 'utf8',
      });
      if (child.status !== 0 || !child.stdout.includes(`"${expected}"`))
        throw new Error(`psyberg run: ${child.stdout}${child.stderr}`);
    };
    const work = await timed(
      7,
      () => run('published'),
      (count) => project.land(1000, 1 + count),
    );
    const nothing = await timed(7, () => run('nothing-new'));
    return [
      `psyberg run, 1,000 new rows   ${range(work)}`,
      `psyberg run, nothing new      ${range(nothing)}`,
    ];
  } finally {
    await project.close();
  }
}
