/**
 * What 1,000 hourly sessions leave behind: the time of a late session beside an early one, and reading the whole target beside reading a copy of it
 * that was just written, before and after `psyberg maintain`.
 */
import { ms, range, timed, timingOf } from './measure.ts';
import { benchProject } from './project.ts';

const SESSIONS = Number(process.env['PSYBERG_BENCH_SESSIONS'] ?? 1000);
const ROWS = 1000;
/** Sessions whose median stands for one of them. */
const WINDOW = 9;

export async function growthBench(): Promise<string[]> {
  const project = await benchProject();
  const { psyberg } = project;
  try {
    const times: number[] = [];
    const cpu: number[] = [];
    for (let session = 0; session < SESSIONS; session += 1) {
      await project.land(ROWS, session);
      const before = process.cpuUsage();
      const startedMs = performance.now();
      const [record] = await psyberg.run();
      times.push(performance.now() - startedMs);
      const used = process.cpuUsage(before);
      cpu.push((used.user + used.system) / 1000);
      if (record?.status !== 'published') throw new Error(`session ${session} did not publish: ${JSON.stringify(record)}`);
    }
    const around = (list: readonly number[], session: number): number => timingOf(list.slice(Math.max(0, session - WINDOW), session)).medianMs;
    const at = (session: number): string => `${ms(around(times, session))} (CPU ${ms(around(cpu, session))})`;
    const early = WINDOW + 6;
    const read = (table: string): Promise<unknown> => psyberg.sql(`select count(*), sum(amount_gross), max(event_ts) from ${table}`);
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
    const report = await psyberg.maintain(['facts.event_fact'], { olderThanMs: 0, only: ['compact', 'manifests', 'expire'] });
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
      `session ${early}                 ${at(early)}`,
      `session ${SESSIONS}               ${at(SESSIONS)}; ${ratio(around(times, SESSIONS), around(times, early))} x, CPU ${ratio(around(cpu, SESSIONS), around(cpu, early))} x`,
      `reading all of it          ${ms(before[0])}, a fresh copy ${ms(before[1])}: ${ratio(before[0], before[1])} x`,
      `psyberg maintain           ${ms(maintainMs)}: ${record.compacted?.files_before} small files became ${record.compacted?.files_after}, ${record.expired?.snapshots} snapshots expired, ${(Number(record.freed.bytes) / 1e6).toFixed(1)} MB freed`,
      `reading all of it then     ${ms(after[0])}, a fresh copy ${ms(after[1])}: ${ratio(after[0], after[1])} x`,
      `the next session           ${range(next)}`,
    ];
  } finally {
    await project.close();
  }
}
