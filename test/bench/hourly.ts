/** The everyday case: 72 hours of 100,000 rows are loaded, one more hour lands, 3 % of it late. */
import fs from 'node:fs';
import path from 'node:path';
import { plainCopy } from './append.ts';
import { range, timingOf } from './measure.ts';
import { benchProject } from './project.ts';

const HOURS = 72;
const ROWS = 100_000;
const RUNS = 7;

export async function hourlyBench(): Promise<string[]> {
  const project = await benchProject();
  try {
    for (let hour = 0; hour < HOURS; hour += 1) await project.land(ROWS, hour);
    await project.psyberg.run();
    const session: number[] = [];
    const copy: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      await project.land(ROWS, HOURS + run);
      let startedMs = performance.now();
      const [record] = await project.psyberg.run();
      session.push(performance.now() - startedMs);
      if (record?.status !== 'published' || record.rows_read !== String(ROWS))
        throw new Error(`the session did not load the hour: ${JSON.stringify(record)}`);
      startedMs = performance.now();
      await plainCopy(project.psyberg, project.landedFiles(HOURS + run), path.join(project.root, 'copy'));
      copy.push(performance.now() - startedMs);
      fs.rmSync(path.join(project.root, 'copy'), { recursive: true, force: true });
    }
    const [ours, plain] = [timingOf(session), timingOf(copy)];
    return [
      `100,000 rows after 72 hours of them; rows read: 100,000, rows missed: 0`,
      `session, init to publish   ${range(ours)}`,
      `plain COPY, partitioned    ${range(plain)}`,
    ];
  } finally {
    await project.close();
  }
}
