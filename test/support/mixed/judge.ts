/** Whether what sessions of a mixed history say, and what they left, is right. */
import { expect } from 'vitest';
import type { RunRecord } from '../../../src/index.ts';
import { hourAt } from '../world.ts';
import type { Name } from './history.ts';
import { isThere, type Played } from './played.ts';
import { COLUMNS, type Compared, upstreamOf, wholeSql } from './processes.ts';

/** What a session may refuse for, since this history did it to a source or a target. */
const HONEST = new Set([
  'history-expired',
  'source-changed',
  'source-rewound',
  'restate-source-gone',
  'target-rewound',
  'watermark-contradiction',
  'target-not-empty',
  'upstream-failed',
  'together-failed',
  'watermark-lost',
]);

/** These say that another process refused, and nothing of the target itself. */
const OF_OTHERS = new Set(['upstream-failed', 'together-failed']);

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function note({ log, cover }: Played, record: RunRecord): void {
  const what = `${record.process_name} ${record.trigger} ${record.status} ${record.error?.code ?? ''}`;
  log.push(what);
  cover(what);
}

/** Each process's last record. `fine`: a status besides the usual ones. */
export function judge(played: Played, records: readonly RunRecord[], fine?: string): Map<Name, RunRecord> {
  const { refused } = played;
  for (const record of records) {
    note(played, record);
    const code = record.error?.code ?? '';
    if (record.status === 'refused' || record.status === 'failed') {
      expect(HONEST.has(code), JSON.stringify(record)).toBe(true);
      if (!OF_OTHERS.has(code)) refused.add(record.process_name);
    } else {
      const usual = ['published', 'nothing-new', 'waiting', fine];
      expect(usual, JSON.stringify(record)).toContain(record.status);
      if (record.status !== 'audit-failed') refused.delete(record.process_name);
    }
  }
  return new Map(records.map((record) => [record.process_name as Name, record]));
}

/** The target of a process against its SQL over whole tables, and `verify` against both. */
export async function compare(played: Played, process: Name, record?: RunRecord): Promise<void> {
  if (played.isMixed && process === 'sums') return;
  const { each, world, factor, cover } = played;
  const plan = await world.plan(process);
  const isLeft = (record?.catchup?.later_hours ?? 0) > 0;
  if (!isLeft) expect(plan.status, `${process} ${JSON.stringify(plan, undefined, 1)}`).not.toBe('work');
  const owed = [...(plan.owed_hours ?? []), ...(record?.owed_hours ?? [])];
  const limit = limitOf(process, plan);
  if (limit === undefined) {
    if (await isThere(played, process)) expect(await world.rows(`from facts.${process}`)).toEqual([]);
    return;
  }
  const upstream = upstreamOf(each, process);
  if (upstream !== undefined && !(await isThere(played, upstream))) return;
  const compared: Compared = { limit, judged: conditionOf(process, owed) };
  const where = isOfHours(process) ? `where ${compared.judged}` : '';
  const found = (await isThere(played, process))
    ? await world.rows(`select ${COLUMNS[process]} from facts.${process} ${where}`)
    : [];
  const wanted = await world.rows(wholeSql(each, factor, process, compared));
  expect({ process, rows: found }, `${process} to ${limit}, owed ${owed}`).toEqual({ process, rows: wanted });
  cover(`compared ${process}`);
  await expectVerifyAgrees(played, process);
}

async function expectVerifyAgrees({ world, cover }: Played, process: Name): Promise<void> {
  const [verified] = await world.psyberg.verify([process]);
  if (verified?.error == null && verified?.status !== 'not-published') {
    const shown = JSON.stringify(
      verified,
      (_, value) => (typeof value === 'bigint' ? String(value) : value),
      1,
    );
    expect(verified?.status, shown).toBe('equal');
  }
  cover(`verified ${process} ${verified?.error?.code ?? verified?.status}`);
}

const isOfHours = (process: Name): boolean => process !== 'copy' && process !== 'again';

/** The last hour that is compared; undefined: nothing is complete. */
function limitOf(process: Name, plan: Awaited<ReturnType<Played['world']['plan']>>): string | undefined {
  if (!isOfHours(process)) return hourAt(0);
  const completeTo = plan.sources.map(({ vtts_hour }) => vtts_hour);
  const least = completeTo.includes(null) ? undefined : [...(completeTo as string[])].sort()[0];
  const loaded = plan.target.complete_to_hour ?? undefined;
  const limit = least === undefined || (loaded !== undefined && loaded > least) ? loaded : least;
  if (limit === undefined || process !== 'days' || limit.includes('T23:')) return limit;
  return new Date(Math.floor(Date.parse(limit) / DAY_MS) * DAY_MS - HOUR_MS).toISOString();
}

/** Hours that are owed are not compared; a state is not from the first of them on. */
function conditionOf(process: Name, owed: readonly string[]): string {
  if (owed.length === 0) return 'true';
  if (process === 'state') return `ts < timestamptz '${[...owed].sort()[0]}'`;
  const unit = process === 'days' ? 'day' : 'hour';
  const units = owed.map((hour) => `date_trunc('${unit}', timestamptz '${hour}')`);
  return `date_trunc('${unit}', ts) not in (${units})`;
}
