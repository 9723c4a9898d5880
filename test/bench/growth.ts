/**
 * What 1,000 hourly sessions leave behind: the time of a late session beside an early one of another project,
 * in a process that goes on and as a command of its own, before and after `psyberg maintain` of the target
 * alone, and reading the whole target beside reading a copy
 * of it that was just written. Another program lands, as it mostly is, and nobody maintains the source.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { THIS_CLONE } from './cold.ts';
import { formatCost } from './format-cost.ts';
import { besideEachOther, type Cost, costOf, cpuRatio, ms, spentBy, timed, timingOf } from './measure.ts';
import { type BenchProject, benchProject } from './project.ts';

const SESSIONS = Number(process.env['PSYBERG_BENCH_SESSIONS'] ?? 1000);
const ROWS = 1000;
/** Sessions whose median stands for the one in the middle: of nine, three runs were 0.3 apart. */
const WINDOW = 25;
const HALF = (WINDOW - 1) / 2;
const EARLY = 15;
const READS = 7;

export async function growthBench(): Promise<string[]> {
  const [old, young] = [
    await benchProject({ landedByAnother: true }),
    await benchProject({ landedByAnother: true }),
  ];
  try {
    for (let session = 1; session < SESSIONS - HALF; session += 1) await runSession(old, session);
    for (let session = 1; session < EARLY - HALF; session += 1) await runSession(young, session);
    const neglected = await besideYoung({ old, young }, [SESSIONS, EARLY]);
    const floor = { old: await formatCost(old), young: await formatCost(young) };
    const [last, early] = [SESSIONS + WINDOW, EARLY + WINDOW];
    const asCommands = await besideYoung({ old, young }, [last, early], runCommand);
    await copyTarget(old);
    const before = await readBoth(old);
    const maintained = await maintainTarget(old);
    const after = await readBoth(old);
    const tended = await besideYoung({ old, young }, [last + WINDOW, early + WINDOW]);
    return [
      `${SESSIONS} sessions of ${ROWS} rows, 3 % of them up to ten hours late`,
      ...linesOf('nothing maintained', SESSIONS, neglected),
      `  of which the format asks ${bothOf(floor.old)}, of a young project ${bothOf(floor.young)}`,
      ...linesOf('nothing maintained, `psyberg run`', last, asCommands),
      `reading all of it          ${before}`,
      `psyberg maintain           ${maintained}`,
      `reading all of it then     ${after}`,
      ...linesOf('the target maintained, its source not', last + WINDOW, tended),
    ];
  } finally {
    await old.close();
    await young.close();
  }
}

async function runSession({ land, psyberg }: BenchProject, session: number, restMs = 0): Promise<Cost> {
  await land(ROWS, session);
  await sleep(restMs);
  return costOf(async () => {
    const [record] = await psyberg.run();
    if (record?.status !== 'published')
      throw new Error(`session ${session} did not publish: ${JSON.stringify(record)}`);
  });
}

/** The same by a command. */
async function runCommand({ land, root }: BenchProject, session: number, restMs: number): Promise<Cost> {
  await land(ROWS, session);
  await sleep(restMs);
  return spentBy([THIS_CLONE.main, 'run', '--project', root, '--json'], '"published"');
}

interface Ages<T> {
  readonly old: T;
  readonly young: T;
}

/**
 * Until the other program has done what it does after its answer: it collects garbage, of old tables more, on
 * the same two cores. Without this time sessions of tables of 2,300 snapshots seemed 1.27 to 1.40 times
 * slower, and with it 1.20 to 1.25 (2026-12-01).
 */
const LANDER_MS = 50;

/** The sessions around these two, turn about: the minutes before may have met another machine. */
async function besideYoung(
  { old, young }: Ages<BenchProject>,
  [late, early]: readonly [number, number],
  run: (of: BenchProject, session: number, restMs: number) => Promise<Cost> = runSession,
): Promise<Ages<Cost[]>> {
  const costs: Ages<Cost[]> = { old: [], young: [] };
  for (let next = -HALF; next <= HALF; next += 1) {
    const [one, other] = await besideEachOther(
      Math.abs(next),
      () => run(old, late + next, LANDER_MS),
      () => run(young, early + next, LANDER_MS),
    );
    costs.old.push(one);
    costs.young.push(other);
  }
  return costs;
}

const bothOf = ({ wallMs, cpuMs }: Cost): string => `${tenths(wallMs)} (CPU ${tenths(cpuMs)})`;
const tenths = (value: number): string => (value < 100 ? `${value.toFixed(1)} ms` : ms(value));

function linesOf(title: string, session: number, { old, young }: Ages<Cost[]>): string[] {
  const wall = (costs: readonly Cost[]): number => timingOf(costs.map(({ wallMs }) => wallMs)).medianMs;
  const cpu = (costs: readonly Cost[]): number => timingOf(costs.map(({ cpuMs }) => cpuMs)).medianMs;
  const both = (costs: readonly Cost[]): string => bothOf({ wallMs: wall(costs), cpuMs: cpu(costs) });
  const times = `${(wall(old) / wall(young)).toFixed(2)} x, CPU ${cpuRatio(old, young)} x`;
  return [`${title}:`, `  session ${session} ${both(old)}, of a young project ${both(young)}: ${times}`];
}

async function copyTarget({ psyberg }: BenchProject): Promise<void> {
  await psyberg.sql(`create table facts.fresh (event_id bigint, event_ts timestamptz, account_id bigint, country varchar, plan varchar, device varchar, amount_gross double, session_key varchar, payload varchar)
    partitioned by (hour(event_ts)) with ('format-version' = '2')`);
  await psyberg.sql('insert into facts.fresh from facts.event_fact');
}

/** The target, and its copy. */
async function readBoth({ psyberg }: BenchProject): Promise<string> {
  const read = async (table: string): Promise<number> => {
    const text = `select count(*), sum(amount_gross), max(event_ts) from ${table}`;
    return (await timed(1, () => psyberg.sql(text))).medianMs;
  };
  const [target, copy]: [number[], number[]] = [[], []];
  for (let run = 0; run < READS; run += 1) {
    target.push(await read('facts.event_fact'));
    copy.push(await read('facts.fresh'));
  }
  const [slow, fast] = [timingOf(target).medianMs, timingOf(copy).medianMs];
  return `${ms(slow)}, a fresh copy ${ms(fast)}: ${(slow / fast).toFixed(2)} x`;
}

/** What `maintain` of the target says it did. */
async function maintainTarget({ psyberg }: BenchProject): Promise<string> {
  const startedMs = performance.now();
  const { tables } = await psyberg.maintain(['facts.event_fact'], {
    olderThanMs: 0,
    only: ['compact', 'manifests', 'expire'],
  });
  const took = performance.now() - startedMs;
  const [record] = tables;
  if (record?.error !== null) throw new Error(JSON.stringify(record));
  return `${ms(took)}: ${record.compacted?.files_before} small files became ${record.compacted?.files_after}, ${record.expired?.snapshots} snapshots expired, ${(Number(record.freed.bytes) / 1e6).toFixed(1)} MB freed`;
}
