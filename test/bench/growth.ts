/**
 * What 1,000 hourly sessions leave behind: the time of a late session beside an early one of another project,
 * and reading the whole target beside reading a copy of it that was just written, before and after `psyberg
 * maintain`.
 */
import { ms, range, timed, timingOf } from './measure.ts';
import { type BenchProject, benchProject } from './project.ts';

const SESSIONS = Number(process.env['PSYBERG_BENCH_SESSIONS'] ?? 1000);
const ROWS = 1000;
/** Sessions whose median stands for the last of them. */
const WINDOW = 9;
const EARLY = 15;

interface SessionCost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function runSession({ land, psyberg }: BenchProject, session: number): Promise<SessionCost> {
  await land(ROWS, session);
  const before = process.cpuUsage();
  const startedMs = performance.now();
  const [record] = await psyberg.run();
  const wallMs = performance.now() - startedMs;
  const used = process.cpuUsage(before);
  if (record?.status !== 'published')
    throw new Error(`session ${session} did not publish: ${JSON.stringify(record)}`);
  return { wallMs, cpuMs: (used.user + used.system) / 1000 };
}

export async function growthBench(): Promise<string[]> {
  const [project, young] = [await benchProject(), await benchProject()];
  const { psyberg } = project;
  try {
    for (let session = 0; session < SESSIONS - WINDOW; session += 1) await runSession(project, session);
    for (let session = 0; session < EARLY - WINDOW; session += 1) await runSession(young, session);
    const [late, early] = [[] as SessionCost[], [] as SessionCost[]];
    // Turn about, so that both meet the same machine: the minutes before may have been others.
    for (let run = WINDOW; run > 0; run -= 1) {
      late.push(await runSession(project, SESSIONS - run));
      early.push(await runSession(young, EARLY - run));
    }
    const of = (costs: readonly SessionCost[], kind: keyof SessionCost): number =>
      timingOf(costs.map((cost) => cost[kind])).medianMs;
    const at = (costs: readonly SessionCost[]): string =>
      `${ms(of(costs, 'wallMs'))} (CPU ${ms(of(costs, 'cpuMs'))})`;
    const read = (table: string): Promise<unknown> =>
      psyberg.sql(`select count(*), sum(amount_gross), max(event_ts) from ${table}`);
    const copy = async (name: string): Promise<void> => {
      await psyberg.sql(`create table facts.${name} (event_id bigint, event_ts timestamptz, account_id bigint, country varchar, plan varchar, device varchar, amount_gross double, session_key varchar, payload varchar)
        partitioned by (hour(event_ts)) with ('format-version' = '2')`);
      await psyberg.sql(`insert into facts.${name} from facts.event_fact`);
    };
    await copy('fresh');
    const reads = async (): Promise<readonly [number, number]> => {
      const pair: [number[], number[]] = [[], []];
      // Turn about, so that both meet the same machine.
      for (let run = 0; run < 7; run += 1) {
        pair[0].push((await timed(1, () => read('facts.event_fact'))).medianMs);
        pair[1].push((await timed(1, () => read('facts.fresh'))).medianMs);
      }
      return [timingOf(pair[0]).medianMs, timingOf(pair[1]).medianMs];
    };
    const before = await reads();
    const startedMs = performance.now();
    const report = await psyberg.maintain(['facts.event_fact'], {
      olderThanMs: 0,
      only: ['compact', 'manifests', 'expire'],
    });
    const maintainMs = performance.now() - startedMs;
    const [record] = report.tables;
    if (record?.error !== null) throw new Error(JSON.stringify(record));
    const after = await reads();
    const next = await timed(
      5,
      () => psyberg.run(),
      (run) => project.land(ROWS, SESSIONS + run),
    );
    const ratio = (left: number, right: number): string => (left / right).toFixed(2);
    return [
      `${SESSIONS} sessions of ${ROWS} rows, 3 % of them up to ten hours late`,
      `session ${EARLY}                 ${at(early)}`,
      `session ${SESSIONS}               ${at(late)}; ${ratio(of(late, 'wallMs'), of(early, 'wallMs'))} x, CPU ${ratio(of(late, 'cpuMs'), of(early, 'cpuMs'))} x`,
      `reading all of it          ${ms(before[0])}, a fresh copy ${ms(before[1])}: ${ratio(before[0], before[1])} x`,
      `psyberg maintain           ${ms(maintainMs)}: ${record.compacted?.files_before} small files became ${record.compacted?.files_after}, ${record.expired?.snapshots} snapshots expired, ${(Number(record.freed.bytes) / 1e6).toFixed(1)} MB freed`,
      `reading all of it then     ${ms(after[0])}, a fresh copy ${ms(after[1])}: ${ratio(after[0], after[1])} x`,
      `the next session           ${range(next)}`,
    ];
  } finally {
    await project.close();
    await young.close();
  }
}
