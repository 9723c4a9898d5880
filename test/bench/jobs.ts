/**
 * The demo's five processes, one after the other and two at a time: turn about, each in a world of its own in
 * which the same hours land. Warm: the projects stay open.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSampleProject, type SampleProject } from '../../warehouse/sample-project.ts';
import { range, type Timing, timingOf } from './measure.ts';

const FROM = path.join(import.meta.dirname, '..', '..', 'warehouse', 'member-lifecycle');
const ROUNDS = 3;
/** Hours that land before each run; in the first one that of the tables. */
const LANDINGS = [
  [0, 4],
  [5, 5],
  [6, 6],
  [7, 7],
] as const;

export async function jobsBench(): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  const times = new Map<number, { wall: number[]; cpu: number[] }>(
    [1, 2].map((jobs) => [jobs, { wall: [], cpu: [] }]),
  );
  try {
    for (let round = 0; round < ROUNDS; round += 1)
      for (const jobs of round % 2 === 0 ? [1, 2] : [2, 1]) {
        const project = await openSampleProject({ from: FROM, to: path.join(root, `${round}-${jobs}`) });
        await play(project, jobs, times.get(jobs) as { wall: number[]; cpu: number[] });
        await project.close();
      }
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
  const timings = [1, 2].map((jobs) => timingOf(times.get(jobs)?.wall ?? [])) as [Timing, Timing];
  const cpu = [1, 2].map((jobs) => timingOf(times.get(jobs)?.cpu ?? [])) as [Timing, Timing];
  return [
    `--jobs 1  ${range(timings[0])}, CPU ${range(cpu[0])}`,
    `--jobs 2  ${range(timings[1])}, CPU ${range(cpu[1])}`,
    `2 beside 1  ${(timings[1].medianMs / timings[0].medianMs).toFixed(2)} times; least beside least ${(timings[1].minMs / timings[0].minMs).toFixed(2)}`,
  ];
}

async function play(
  project: SampleProject,
  jobs: number,
  times: { wall: number[]; cpu: number[] },
): Promise<void> {
  await project.seed('seeds/tables.sql');
  for (const [first, last] of LANDINGS) {
    const hours = { first_arrival_hour: first, last_arrival_hour: last };
    for (const name of ['raw_signups', 'raw_plan_changes', 'raw_cancel_requests', 'raw_cancels'])
      await project.seed(`seeds/${name}.sql`, hours);
    const [startedMs, before] = [performance.now(), process.cpuUsage()];
    const records = await project.psyberg.run(undefined, { jobs });
    const used = process.cpuUsage(before);
    const other = records.find(({ status }) => status !== 'published');
    if (other !== undefined) throw new Error(`expected all to publish, found ${JSON.stringify(other)}`);
    times.wall.push(performance.now() - startedMs);
    times.cpu.push((used.user + used.system) / 1000);
  }
}
