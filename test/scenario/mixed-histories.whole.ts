// Goal: in a project of several patterns whatever happens to sources, targets, clocks, SQL and sessions, every target
// is its SQL over whole tables for the hours that are complete and not owed. Method: random histories over a chain of
// all patterns (stateless -> stateless; stateful of two sources -> dimension and days), with sessions that fail,
// rollbacks of targets, restates, corrected SQL, and sources whose completeness a query tells; compared with plain SQL.
// PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in histories.whole.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/index.ts';
import { histories } from '../support/histories.ts';
import {
  anyOperations,
  appendingOperations,
  applyOperation,
  columnsOf,
  eventTimeSql,
  landings,
  type RowIds,
  type SourceOperation,
  type SourceShape,
  shapes,
} from '../support/source-history.ts';
import { createWorld, hourAt, type ProcessFile, processFile } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 2, timeLimitMs: (runs) => 60_000 + runs * 30_000 });

const NAMES = ['copy', 'again', 'sums', 'state', 'days'] as const;
type Name = (typeof NAMES)[number];

type Step =
  | { readonly kind: 'change'; readonly side: 'a' | 'b'; readonly operation: SourceOperation }
  | { readonly kind: 'complete'; readonly hour: number | null }
  | { readonly kind: 'clock'; readonly hours: number }
  | {
      readonly kind: 'session';
      readonly only: Name | undefined;
      readonly jobs: number;
      readonly untilComplete: boolean;
    }
  | { readonly kind: 'failed-session'; readonly jobs: number }
  | {
      readonly kind: 'restate';
      readonly name: Name;
      readonly hours: readonly [number, number] | undefined;
      readonly downstream: boolean;
      readonly atomic: boolean;
    }
  | {
      readonly kind: 'correct';
      readonly factor: number;
      readonly downstream: boolean;
      readonly atomic: boolean;
      readonly changed: boolean;
      readonly runFirst: boolean;
    }
  | { readonly kind: 'roll-target'; readonly name: Name; readonly back: number }
  | { readonly kind: 'compact-target'; readonly name: Name }
  | { readonly kind: 'expire-target'; readonly name: Name }
  | { readonly kind: 'maintain' };

const change = (operation: fc.Arbitrary<SourceOperation>): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant('change' as const),
    side: fc.constantFrom('a' as const, 'b' as const),
    operation,
  });
const name = fc.constantFrom<Name>(...NAMES);
const jobs = fc.constantFrom(1, 1, 2);
const stepsWith = (ofA: fc.Arbitrary<SourceOperation>): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: change(ofA).map((each) => ({ ...each, side: 'a' as const })) as fc.Arbitrary<Step>,
    },
    {
      weight: 4,
      arbitrary: change(anyOperations).map((each) => ({ ...each, side: 'b' as const })) as fc.Arbitrary<Step>,
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('complete' as const),
        hour: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, null),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('clock' as const), hours: fc.integer({ min: 1, max: 30 }) }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('session' as const),
        only: fc.option(name, { nil: undefined, freq: 2 }),
        jobs,
        untilComplete: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('failed-session' as const), jobs }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('restate' as const),
        name,
        hours: fc.option(
          fc.tuple(fc.nat(6), fc.nat(6)).map(([x, y]) => [Math.min(x, y), Math.max(x, y)] as const),
          { nil: undefined },
        ),
        downstream: fc.boolean(),
        atomic: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('correct' as const),
        factor: fc.integer({ min: 1, max: 3 }),
        downstream: fc.boolean(),
        atomic: fc.boolean(),
        changed: fc.boolean(),
        runFirst: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('roll-target' as const),
        name,
        back: fc.integer({ min: 1, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact-target' as const), name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire-target' as const), name }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'maintain' as const }) },
  );

const catchups = fc.constantFrom(
  undefined,
  undefined,
  { hours_per_session: 2 },
  { hours_per_session: 3, order: 'newest' },
  { threshold_hours: 3 },
  { hours_per_session: 2, threshold_hours: 4 },
);
const history = fc
  .record({
    a: shapes.filter(({ eventType }) => eventType !== 'date'),
    b: shapes.filter(({ eventType }) => eventType !== 'date'),
    hoursApart: fc.constantFrom(1, 1, 1, 5),
    firstHour: fc.constantFrom(0, 0, -470_739, -1_000_000, 20),
    appending: fc.boolean(),
    /** The stateful process reads the copy or the table itself. */
    overCopy: fc.boolean(),
    bySql: fc.boolean(),
    protect: fc.constantFrom(true, true, false),
    hours: fc.constantFrom('contiguous', 'touched'),
    catchup: catchups,
    stateCatchup: fc.constantFrom(undefined, undefined, { hours_per_session: 2 }),
    targetVersion: fc.constantFrom('2', '3'),
    partitioned: fc.constantFrom('hour', 'day', undefined),
    filter: fc.boolean(),
    steps: fc.nat(1),
  })
  .chain((each) =>
    fc.record({
      ...(Object.fromEntries(Object.entries(each).map(([key, value]) => [key, fc.constant(value)])) as {
        [K in keyof typeof each]: fc.Arbitrary<(typeof each)[K]>;
      }),
      steps: fc
        .tuple(
          fc.array(change(landings), { minLength: 2, maxLength: 3 }),
          fc.array(stepsWith(each.appending ? appendingOperations : anyOperations), {
            minLength: 8,
            maxLength: 20,
          }),
        )
        .map(([first, then]) => [...first, ...then]),
    }),
  );
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

class BeyondDuckdb extends Error {}

/** `from`: what the aliases a and b, copy, sums are. */
function sqlOf(each: History, factor: number) {
  const skip = each.filter ? 'where extract(hour from ts) % 3 <> 1' : '';
  const shown = each.overCopy
    ? 'select id, region, ts from src'
    : `select id, region, ${eventTimeSql(each.a)} as ts from src`;
  return {
    copy: `select id, region, ${eventTimeSql(each.a)} as ts from src`,
    again: "select id, region || '?' as region, ts from src",
    sums: `select date_trunc('hour', ts) as ts, region, (${factor} * count(*))::bigint as n, (sum(id))::bigint as ids, count(*) filter (side = 'b') as of_b
      from (select *, 'a' as side from (${shown}) union all select id, region, ${eventTimeSql(each.b)}, 'b' from b) ${skip} group by all`,
    state:
      'select $range_start::timestamptz as ts, (coalesce((select max(n) from previous), 0) + coalesce((select sum(n) from src), 0))::bigint as n',
    days: "select date_trunc('day', ts) as ts, sum(n)::bigint as n from src group by 1",
  };
}

function filesOf(each: History, factor: number): ProcessFile[] {
  const sql = sqlOf(each, factor);
  const target = (table: string, extra: object = {}) => ({
    table: `facts.${table}`,
    event_time: 'ts',
    ...(each.partitioned === undefined ? {} : { partition_by: [`${each.partitioned}(ts)`] }),
    properties: { 'format-version': each.targetVersion },
    ...extra,
  });
  const raw = (side: 'a' | 'b', alias: string) => ({
    table: `raw.${side}`,
    event_time: 'ts',
    alias,
    ...(each[side].eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
    ...(each.protect ? {} : { protect: false }),
  });
  const audits = [{ sql: 'audits/toggle.sql' }];
  const ofSums = { table: 'facts.sums', event_time: 'ts', alias: 'src' };
  return [
    processFile(
      {
        process_name: 'copy',
        pattern: 'stateless',
        sources: [raw('a', 'src')],
        target: target('copy'),
        audits,
      },
      sql.copy,
    ),
    processFile(
      {
        process_name: 'again',
        pattern: 'stateless',
        sources: [{ table: 'facts.copy', event_time: 'ts', alias: 'src' }],
        target: target('again'),
        audits,
      },
      sql.again,
    ),
    processFile(
      {
        process_name: 'sums',
        pattern: 'stateful',
        hours: each.hours,
        ...(each.catchup === undefined ? {} : { catchup: each.catchup }),
        sources: [
          each.overCopy ? { table: 'facts.copy', event_time: 'ts', alias: 'src' } : raw('a', 'src'),
          { ...raw('b', 'b'), ...(each.bySql ? { vtts: { sql: 'select max(t) from aux.complete' } } : {}) },
        ],
        target: target('sums'),
        audits,
      },
      sql.sums,
    ),
    processFile(
      {
        process_name: 'state',
        pattern: 'dimension',
        ...(each.stateCatchup === undefined ? {} : { catchup: each.stateCatchup }),
        sources: [ofSums],
        target: target('state'),
        audits,
      },
      sql.state,
    ),
    processFile(
      {
        process_name: 'days',
        pattern: 'stateful',
        grain: 'day',
        sources: [ofSums],
        target: target('days'),
        audits,
      },
      sql.days,
    ),
  ];
}

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

async function runHistory(each: History): Promise<void> {
  const shape = (side: 'a' | 'b'): SourceShape => ({
    ...each[side],
    hoursApart: each.hoursApart,
    firstHour: each.firstHour,
  });
  let factor = 1;
  const world = await createWorld({
    processes: filesOf(each, factor),
    files: { 'audits/toggle.sql': 'select 1 as bad where false' },
  });
  world.nowMs = Date.parse(hourAt(40));
  const ids: RowIds = { next: 1 };
  /** Processes whose last session refused: nobody knows their targets. */
  const refused = new Map<string, string>();
  const log: string[] = [];
  const has = async (table: string) =>
    world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: table });
  const mixed = { sums: false };

  const wanted = (process: Name, limit: string, judged: string): string => {
    const sql = sqlOf(each, factor);
    const cut = `ts < timestamptz '${limit}' + interval 1 hour and ${judged}`;
    switch (process) {
      case 'copy':
        return `with src as (from raw.a) ${sql.copy}`;
      case 'again':
        return `with src as (from facts.copy) ${sql.again}`;
      case 'sums':
        return `with src as (from ${each.overCopy ? 'facts.copy' : 'raw.a'}), b as (from raw.b) select ts, region, n, ids, of_b from (${sql.sums}) where ${cut}`;
      case 'state':
        return `with src as (from facts.sums), hours as (select unnest(generate_series((select min(ts) from src), timestamptz '${limit}', interval 1 hour)) as ts)
          select ts, n from (select ts, coalesce((select sum(n) from src where src.ts <= hours.ts), 0)::bigint as n from hours) where ${judged}`;
      case 'days':
        return `with src as (from facts.sums) select ts, n from (${sql.days}) where ts < timestamptz '${limit}' + interval 1 hour and ${judged}`;
    }
  };

  async function compare(process: Name, record: RunRecord | undefined): Promise<void> {
    const plan = await world.plan(process);
    const isLeft = (record?.catchup?.later_hours ?? 0) > 0;
    if (!isLeft) expect(plan.status, `${process} ${JSON.stringify(plan, undefined, 1)}`).not.toBe('work');
    const columns = {
      copy: 'id, region, ts',
      again: 'id, region, ts',
      sums: 'ts, region, n, ids, of_b',
      state: 'ts, n',
      days: 'ts, n',
    }[process];
    const owed = [...(plan.owed_hours ?? []), ...(record?.owed_hours ?? [])];
    const unit = process === 'days' ? 'day' : 'hour';
    let judged =
      owed.length === 0
        ? 'true'
        : `date_trunc('${unit}', ts) not in (${owed.map((hour) => `date_trunc('${unit}', timestamptz '${hour}')`)})`;
    if (process === 'state' && owed.length > 0) judged = `ts < timestamptz '${[...owed].sort()[0]}'`;
    const least = plan.sources.some(({ vtts_hour }) => vtts_hour === null)
      ? undefined
      : plan.sources.map(({ vtts_hour }) => vtts_hour as string).sort()[0];
    const loaded = plan.target.complete_to_hour ?? undefined;
    let limit = least === undefined || (loaded !== undefined && loaded > least) ? loaded : least;
    if (process === 'copy' || process === 'again') limit = hourAt(0);
    if (limit === undefined) {
      if (await has(process)) expect(await world.rows(`from facts.${process}`)).toEqual([]);
      return;
    }
    if (process === 'days' && !limit.includes('T23:'))
      limit = new Date(Math.floor(Date.parse(limit) / 86_400_000) * 86_400_000 - 3_600_000).toISOString();
    const exists = await has(process);
    const upstream = (
      {
        again: 'copy',
        state: 'sums',
        days: 'sums',
        sums: each.overCopy ? 'copy' : undefined,
        copy: undefined,
      } as const
    )[process];
    if (upstream !== undefined && !(await has(upstream))) return;
    const found = exists
      ? await world.rows(
          `select ${columns} from facts.${process} ${process === 'copy' || process === 'again' ? '' : `where ${judged}`}`,
        )
      : [];
    expect({ process, rows: found }, `${process} to ${limit}, owed ${owed}`).toEqual({
      process,
      rows: await world.rows(wanted(process, limit, judged)),
    });
    cover(`compared ${process}`);
    const [verified] = await world.psyberg.verify([process]);
    if (verified?.error == null && verified?.status !== 'not-published')
      expect(
        verified?.status,
        JSON.stringify(verified, (_k, v) => (typeof v === 'bigint' ? String(v) : v), 1),
      ).toBe('equal');
    cover(`verified ${process} ${verified?.error?.code ?? verified?.status}`);
  }

  function judge(records: readonly RunRecord[], fine: readonly string[]): Map<string, RunRecord> {
    const last = new Map<string, RunRecord>();
    for (const record of records) {
      last.set(record.process_name, record);
      log.push(`${record.process_name} ${record.trigger} ${record.status} ${record.error?.code ?? ''}`);
      cover(`${record.trigger} ${record.process_name} ${record.status} ${record.error?.code ?? ''}`);
      if (record.status === 'refused' || record.status === 'failed') {
        expect(HONEST.has(record.error?.code ?? ''), JSON.stringify(record)).toBe(true);
        if (record.error?.code !== 'upstream-failed' && record.error?.code !== 'together-failed')
          refused.set(record.process_name, record.error?.code ?? '');
      } else {
        expect([...fine, 'published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(
          record.status,
        );
        if (record.status !== 'audit-failed') refused.delete(record.process_name);
      }
    }
    return last;
  }

  async function session({ only, jobs, untilComplete }: Extract<Step, { kind: 'session' }>): Promise<void> {
    const records = await world.psyberg.run(only === undefined ? undefined : [only], { jobs, untilComplete });
    const last = judge(records, []);
    for (const [process, record] of last)
      if (
        ['published', 'nothing-new', 'waiting'].includes(record.status) &&
        !(process !== 'copy' && mixed.sums && process === 'sums')
      )
        await compare(process as Name, record);
  }

  async function failedSession(jobs: number): Promise<void> {
    const state = async () =>
      Promise.all(NAMES.map(async (each) => ((await has(each)) ? world.rows(`from facts.${each}`) : [])));
    const before = await state();
    world.write('audits/toggle.sql', 'select 1 as bad');
    await world.reopen();
    judge(await world.psyberg.run(undefined, { jobs }), ['audit-failed']);
    world.write('audits/toggle.sql', 'select 1 as bad where false');
    await world.reopen();
    expect(await state()).toEqual(before);
  }

  async function restate(options: Extract<Step, { kind: 'restate' }>): Promise<void> {
    const at = (hour: number) => hourAt(hour * each.hoursApart + each.firstHour).slice(0, 13);
    const before =
      (await has(options.name)) && !mixed.sums ? await world.rows(`from facts.${options.name}`) : undefined;
    const records = await world.psyberg
      .restate(options.name, {
        ...(options.hours === undefined
          ? { all: true }
          : { hours: `${at(options.hours[0])}..${at(options.hours[1])}` }),
        downstream: options.downstream,
        ...(options.downstream && options.atomic ? { atomic: true } : {}),
      })
      .catch((error: Error & { readonly code?: string }) => {
        cover(`restate thrown ${error.code}`);
        log.push(`restate ${options.name} thrown ${error.code}`);
        expect(
          [
            'restate-hours-beyond',
            'restate-source-gone',
            'restate-source-unread',
            'history-expired',
            'restate-hours-gone',
            'restate-target-changed',
          ],
          error.message,
        ).toContain(error.code);
        return [];
      });
    for (const record of records) {
      log.push(`${record.process_name} ${record.trigger} ${record.status} ${record.error?.code ?? ''}`);
      cover(`${record.trigger} ${record.process_name} ${record.status} ${record.error?.code ?? ''}`);
      if (record.process_name !== options.name && record.status === 'refused')
        refused.set(record.process_name, record.error?.code ?? '');
    }
    if (before !== undefined && options.name !== 'state' && !refused.has(options.name))
      expect(await world.rows(`from facts.${options.name}`)).toEqual(before);
    if (options.downstream)
      for (const record of records)
        if (
          record.process_name !== options.name &&
          record.status === 'published' &&
          !(mixed.sums && record.process_name === 'sums')
        )
          await compare(record.process_name as Name, record);
  }

  async function correct(options: Extract<Step, { kind: 'correct' }>): Promise<void> {
    if (factor === options.factor || !(await has('sums'))) return;
    factor = options.factor;
    for (const file of filesOf(each, factor)) world.writeProcess(file);
    await world.reopen();
    mixed.sums = true;
    if (options.runFirst) judge(await world.psyberg.run(undefined, {}), []);
    const records = await world.psyberg
      .restate('sums', {
        ...(options.changed ? { changedSql: true } : { all: true }),
        downstream: options.downstream,
        ...(options.downstream && options.atomic ? { atomic: true } : {}),
      })
      .catch((error: Error & { readonly code?: string }) => {
        cover(`correct thrown ${error.code}`);
        log.push(`correct thrown ${error.code}`);
        expect(
          [
            'restate-hours-unknown',
            'restate-source-gone',
            'restate-source-unread',
            'history-expired',
            'restate-hours-gone',
            'restate-target-changed',
          ],
          error.message,
        ).toContain(error.code);
        return [];
      });
    for (const record of records) {
      log.push(`${record.process_name} ${record.trigger} ${record.status} ${record.error?.code ?? ''}`);
      cover(`correct ${record.process_name} ${record.status} ${record.error?.code ?? ''}`);
      if (record.process_name !== 'sums' && record.status === 'refused')
        refused.set(record.process_name, record.error?.code ?? '');
      if (record.process_name === 'sums' && ['published', 'nothing-new'].includes(record.status))
        mixed.sums = false;
    }
  }

  try {
    for (const side of ['a', 'b'] as const)
      await world.create(`raw.${side}`, columnsOf(each[side]), {
        formatVersion: each[side].formatVersion,
        ...(each[side].partitionedBy === undefined ? {} : { partitionedBy: each[side].partitionedBy }),
      });
    await world.create('aux.complete', 't timestamptz');
    let complete = -1;
    for (const step of [
      ...each.steps,
      { kind: 'session', only: undefined, jobs: 1, untilComplete: true } as const,
    ]) {
      log.push(JSON.stringify(step));
      switch (step.kind) {
        case 'change':
          try {
            const done = await applyOperation({
              world,
              table: `raw.${step.side}`,
              shape: shape(step.side),
              operation: step.operation,
              ids,
            });
            await world.sql(`select id from raw.${step.side}`);
            if (done !== undefined)
              cover(`${step.operation.kind === 'in-one-gap' ? 'in one gap' : done} of ${step.side}`);
          } catch (error) {
            throw (error as { code?: string }).code === 'engine-internal-error' ||
              (error as Error).message.includes('INTERNAL Error')
              ? new BeyondDuckdb((error as Error).message, { cause: error })
              : error;
          }
          break;
        case 'complete':
          if (step.hour !== null && step.hour > complete) {
            complete = step.hour;
            await world.sql(
              `insert into aux.complete values (timestamptz '${hourAt((complete + 1) * each.hoursApart + each.firstHour)}')`,
            );
          }
          break;
        case 'clock':
          world.nowMs = (world.nowMs as number) + step.hours * 3_600_000;
          break;
        case 'session':
          await session(step);
          break;
        case 'failed-session':
          await failedSession(step.jobs);
          break;
        case 'restate':
          await restate(step);
          break;
        case 'correct':
          await correct(step);
          break;
        case 'roll-target': {
          if (!(await has(step.name))) break;
          const to = (await world.history(`facts.${step.name}`)).at(-1 - step.back);
          if (to === undefined) break;
          await world.rollback(`facts.${step.name}`, to['snapshot-id']);
          cover(`rolled ${step.name}`);
          break;
        }
        case 'compact-target':
          if (!(await has(step.name)) || (await world.rows(`from facts.${step.name} limit 1`)).length === 0)
            break;
          await world.changeFiles(`facts.${step.name}`, {
            operation: 'replace',
            remove: (files) => files,
            insert: `from facts.${step.name}`,
          });
          cover(`compacted ${step.name}`);
          break;
        case 'expire-target': {
          if (!(await has(step.name))) break;
          const { snapshots = [], refs = {} } = await world.metadata(`facts.${step.name}`);
          const needed = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
          const gone = snapshots.slice(0, -1).filter((snapshot) => !needed.has(snapshot['snapshot-id']));
          if (gone.length > 0)
            await world.expire(
              `facts.${step.name}`,
              gone.map((snapshot) => snapshot['snapshot-id']),
            );
          break;
        }
        case 'maintain': {
          const { tables } = await world.psyberg.maintain(undefined, {
            olderThanMs: 0,
            orphanGraceMs: 0,
            force: true,
          });
          expect(tables.filter((table) => table.error !== null)).toEqual([]);
          break;
        }
      }
    }
    cover('history');
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) {
      (error as Error).message += `\n${log.join('\n')}`;
      throw error;
    }
    cover('given up: DuckDB cannot read a source');
  } finally {
    await world.close();
  }
}

it('a chain of all patterns equals its SQL over whole tables', { timeout: timeLimitMs + 120_000 }, () =>
  play(history, runHistory),
);
