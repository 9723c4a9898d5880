/** 20,000,000 rows in one session: the most memory that its process ever held. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { benchProject } from './project.ts';

const ROWS = 20_000_000;
const COMMAND = path.join(import.meta.dirname, 'run-and-weigh.ts');

export async function memoryBench(): Promise<string[]> {
  const project = await benchProject();
  try {
    for (let part = 0; part < 4; part += 1) await project.land(ROWS / 4, part);
    await project.psyberg.close();
    const child = spawnSync(process.execPath, [COMMAND, project.root], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(child.stdout + child.stderr);
    const { rows, seconds, residentMb } = JSON.parse(child.stdout) as {
      rows: string;
      seconds: number;
      residentMb: number;
    };
    return [
      `${Number(rows).toLocaleString('en')} rows in one session: ${seconds.toFixed(1)} s, ${residentMb.toFixed(0)} MB resident at most`,
    ];
  } finally {
    await project.close();
  }
}
