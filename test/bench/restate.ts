/**
 * A restate of hours beside a session that overwrites the same hours since rows came for them: what each
 * costs as a whole, in one project, by turns.
 */
import { ms, range, timingOf } from './measure.ts';
import { countsProject } from './project.ts';

const RUNS = 9;
const HOURS = 12;
const FILES = 100;

export async function restateBench(): Promise<string[]> {
  const project = await countsProject(FILES, () => undefined);
  const { psyberg } = project;
  try {
    const [sessions, restates]: [number[], number[]] = [[], []];
    // Once for what only the first of its kind costs.
    for (let run = -1; run < RUNS; run += 1) {
      await project.landHours(HOURS, `${FILES - 20} + i % ${HOURS}`);
      const session = await timedRecord(() => psyberg.run());
      const { first_hour: first, last_hour: last } = session.range;
      const hours = `${first}..${last}`;
      const restate = await timedRecord(() => psyberg.restate('count_load', { hours }));
      if (JSON.stringify(restate.range) !== JSON.stringify(session.range))
        throw new Error(`other hours: ${JSON.stringify([session.range, restate.range])}`);
      if (run < 0) continue;
      sessions.push(session.spentMs);
      restates.push(restate.spentMs);
    }
    const [session, restate] = [timingOf(sessions), timingOf(restates)];
    return [
      `session of ${HOURS} hours  ${range(session)}`,
      `restate of them      ${range(restate)}`,
      `ratio                ${(restate.medianMs / session.medianMs).toFixed(2)} (at most 1.1), ${ms(restate.medianMs - session.medianMs)} apart`,
    ];
  } finally {
    await project.close();
  }
}

async function timedRecord(
  work: () => ReturnType<Awaited<ReturnType<typeof countsProject>>['psyberg']['run']>,
) {
  const startedMs = performance.now();
  const [record] = await work();
  const spentMs = performance.now() - startedMs;
  if (record?.status !== 'published' || record.range === null)
    throw new Error(`no hours were published: ${JSON.stringify(record)}`);
  return { spentMs, range: record.range };
}
