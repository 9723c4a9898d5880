// Goal: whatever is restated in whatever order, every target holds what the SQL that is in force for each
// hour makes of its sources. Method: random histories of landings, runs, corrected SQL, restates with and
// without --downstream and sessions that fail in between, beside a model of rows in memory.
// PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED and _PATH as in histories.whole.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RestateOptions, RunRecord } from '../../src/index.ts';
import { histories } from '../support/histories.ts';
import { hourText } from '../support/restate.ts';
import { createWorld, hourAt, type ProcessFile, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({
  runs: 5,
  timeLimitMs: (runs) => 60_000 + runs * 60_000,
  playsAll: true,
});
const HOURS = 5;

type Changing = 'row_load' | 'hour_load';
type Step =
  | { readonly kind: 'land'; readonly hour: number; readonly rows: number }
  | { readonly kind: 'run' }
  | { readonly kind: 'correct'; readonly process: Changing; readonly factor: number }
  | {
      readonly kind: 'restate';
      readonly process: Changing;
      /** Undefined: all. */
      readonly hours: readonly [number, number] | undefined;
      readonly downstream: boolean;
      /** The audit of hour_load fails at first; then the same command again. */
      readonly fails: boolean;
    };

const process_ = fc.constantFrom<Changing>('row_load', 'hour_load');
const land = fc.record({
  kind: fc.constant('land' as const),
  hour: fc.nat(HOURS - 1),
  rows: fc.integer({ min: 1, max: 3 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: land },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'run' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('correct' as const),
      process: process_,
      factor: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('restate' as const),
      process: process_,
      hours: fc.option(
        fc
          .tuple(fc.nat(HOURS - 1), fc.nat(HOURS - 1))
          .map(([a, b]): readonly [number, number] => [Math.min(a, b), Math.max(a, b)]),
        { nil: undefined },
      ),
      downstream: fc.boolean(),
      fails: fc.boolean(),
    }),
  },
);
const history = fc.record({
  partitioned: fc.boolean(),
  first: fc.array(land, { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { minLength: 6, maxLength: 12 }),
});

const files = (factors: Readonly<Record<Changing, number>>, partitioned: boolean): ProcessFile[] => {
  const by = (column: string) => (partitioned ? { partition_by: [`hour(${column})`] } : {});
  return [
    processFile(
      {
        process_name: 'row_load',
        pattern: 'stateless',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.rows', event_time: 'ts', ...by('ts') },
        audits: ['source_to_target_count', { unique: { columns: ['id'] } }],
      },
      `select id, ts, ${factors.row_load} as n from e`,
    ),
    processFile(
      {
        process_name: 'copy_load',
        pattern: 'stateless',
        sources: [{ table: 'facts.rows', event_time: 'ts', alias: 'r' }],
        target: { table: 'facts.copies', event_time: 'ts', ...by('ts') },
        audits: [{ unique: { columns: ['id'], over: 'target' } }],
      },
      'select id, ts, n from r',
    ),
    processFile(
      {
        process_name: 'hour_load',
        pattern: 'stateful',
        sources: [{ table: 'facts.rows', event_time: 'ts', alias: 'r' }],
        target: { table: 'facts.hours', event_time: 'h', ...by('h') },
        audits: [{ sql: 'audits/toggle.sql' }],
      },
      `select date_trunc('hour', ts) as h, (${factors.hour_load} * sum(n))::bigint as n from r group by 1`,
    ),
    processFile(
      {
        process_name: 'state_load',
        pattern: 'dimension',
        sources: [{ table: 'facts.hours', event_time: 'h', alias: 't' }],
        target: { table: 'dims.state', event_time: 'h', ...by('h') },
      },
      'select $first_hour::timestamptz as h, (coalesce((select max(n) from previous), 0) + coalesce((select sum(n) from t), 0))::bigint as n',
    ),
  ];
};

interface Row {
  readonly hour: number;
  readonly n: number;
}
type Rows = ReadonlyMap<number, Row>;

/** What the tables hold, as far as sessions have published. */
class Model {
  factors: Record<Changing, number> = { row_load: 1, hour_load: 1 };
  readonly landed: { readonly id: number; readonly hour: number }[] = [];
  consumed = 0;
  rows: Map<number, Row> = new Map();
  /** facts.rows as hour_load and copy_load have read it. */
  seenByHours: Rows = new Map();
  copies: Rows = new Map();
  hours: Map<number, number> = new Map();
  /** facts.hours as state_load has read it. */
  seenByState: ReadonlyMap<number, number> = new Map();

  apply(record: RunRecord, hours: (record: RunRecord) => readonly number[]): void {
    const isUpToDate = record.status === 'published' || record.status === 'nothing-new';
    if (!isUpToDate) return;
    const isAsked = record.trigger === 'restate' && record.process_name === this.asked;
    if (record.process_name === 'row_load') this.loadRows(record, isAsked ? hours(record) : undefined);
    if (record.process_name === 'copy_load') this.copies = new Map(this.rows);
    if (record.process_name === 'hour_load') {
      if (!isAsked) this.seenByHours = new Map(this.rows);
      if (record.status === 'published') this.loadHours(hours(record));
    }
    if (record.process_name === 'state_load') this.seenByState = new Map(this.hours);
  }
  asked: Changing | undefined;

  private loadRows({ status }: RunRecord, restated: readonly number[] | undefined): void {
    if (status !== 'published') return;
    const wanted =
      restated === undefined
        ? this.landed.slice(this.consumed)
        : this.landed.slice(0, this.consumed).filter(({ hour }) => restated.includes(hour));
    for (const { id, hour } of wanted) this.rows.set(id, { hour, n: this.factors.row_load });
    if (restated === undefined) this.consumed = this.landed.length;
  }

  private loadHours(hours: readonly number[]): void {
    for (const hour of hours) {
      const rows = [...this.seenByHours.values()].filter((row) => row.hour === hour);
      const sum = rows.reduce((total, { n }) => total + n, 0);
      if (rows.length === 0) this.hours.delete(hour);
      else this.hours.set(hour, this.factors.hour_load * sum);
    }
  }
}

const hourOf = (text: string): number => (Date.parse(text) - Date.parse(hourAt(0))) / 3_600_000;
const hoursOf = ({ range }: RunRecord): readonly number[] => {
  if (range === null) return [];
  const [first, last] = [hourOf(range.first_hour), hourOf(range.last_hour)];
  return Array.from({ length: last - first + 1 }, (_none, index) => first + index);
};

async function expectTables(world: World, model: Model, what: string): Promise<void> {
  const has = (table: string): Promise<boolean> =>
    world.psyberg.internals.client.tableExists({
      namespace: [table.split('.')[0] as string],
      name: table.split('.')[1] as string,
    });
  const found = async (table: string, query: string): Promise<string[]> =>
    (await has(table)) ? world.rows(`select ${query} from ${table}`) : [];
  const sorted = (rows: readonly (readonly number[])[]): string[] =>
    rows.map((row) => JSON.stringify(row)).sort();
  const ofRows = (rows: Rows) => sorted([...rows].map(([id, { hour, n }]) => [id, hour, n]));
  const columns = 'id::int as id, hour(ts)::int as h, n::int as n';
  expect(await found('facts.rows', columns), `facts.rows after ${what}`).toEqual(ofRows(model.rows));
  expect(await found('facts.copies', columns), `facts.copies after ${what}`).toEqual(ofRows(model.copies));
  expect(await found('facts.hours', 'hour(h)::int, n::int'), `facts.hours after ${what}`).toEqual(
    sorted([...model.hours]),
  );
  const last = Math.max(-1, ...model.seenByState.keys());
  const first = Math.min(...model.seenByState.keys());
  const states: number[][] = [];
  let total = 0;
  for (let hour = first; hour <= last; hour += 1) {
    total += model.seenByState.get(hour) ?? 0;
    states.push([hour, total]);
  }
  expect(await found('dims.state', 'hour(h)::int, n::int'), `dims.state after ${what}`).toEqual(
    sorted(states),
  );
}

const TOGGLE = (fails: boolean): string => `select h from staged where ${fails}\n`;
/** What a restate or a run may answer that loads nothing. */
const HONEST = ['restate-hours-beyond', 'source-changed', 'upstream-failed', 'audit-failed'];

async function runHistory({
  partitioned,
  first,
  steps,
}: typeof history extends fc.Arbitrary<infer T> ? T : never) {
  const model = new Model();
  const world = await createWorld({
    processes: files(model.factors, partitioned),
    files: { 'audits/toggle.sql': TOGGLE(false) },
  });
  const reopen = async (fails = false): Promise<void> => {
    for (const each of files(model.factors, partitioned)) world.writeProcess(each);
    world.write('audits/toggle.sql', TOGGLE(fails));
    await world.reopen();
  };
  const judge = (records: readonly RunRecord[]): void => {
    for (const record of records) {
      cover(`${record.trigger} ${record.process_name} ${record.status}`);
      if (record.error !== null) expect(HONEST, JSON.stringify(record.error)).toContain(record.error.code);
      model.apply(record, hoursOf);
    }
  };
  const landRows = async ({
    hour,
    rows,
  }: {
    readonly hour: number;
    readonly rows: number;
  }): Promise<void> => {
    const from = model.landed.length;
    await world.land(
      'raw.events',
      `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${from}, ${from + rows}) t(i)`,
    );
    for (let id = from; id < from + rows; id += 1) model.landed.push({ id, hour });
  };
  const restate = async (each: Extract<Step, { kind: 'restate' }>): Promise<void> => {
    const [from, to] = each.hours ?? [0, 0];
    const options: RestateOptions = {
      ...(each.hours === undefined ? { all: true } : { hours: `${hourText(from)}..${hourText(to)}` }),
      downstream: each.downstream,
    };
    model.asked = each.process;
    if (each.fails) {
      await reopen(true);
      judge(await world.psyberg.restate(each.process, options));
      await expectTables(world, model, `a failed ${JSON.stringify(each)}`);
      await reopen();
    }
    judge(await world.psyberg.restate(each.process, options));
    model.asked = undefined;
  };
  try {
    await world.create('raw.events', 'id bigint, ts timestamptz');
    for (const each of first) await landRows(each);
    for (const each of [{ kind: 'run' } as const, ...steps]) {
      if (each.kind === 'land') await landRows(each);
      else if (each.kind === 'run') judge(await world.run());
      else if (each.kind === 'restate') await restate(each);
      else {
        model.factors = { ...model.factors, [each.process]: each.factor };
        await reopen();
      }
      await expectTables(world, model, JSON.stringify(each));
    }
    expect(await world.leftovers()).toEqual([]);
  } finally {
    await world.close();
  }
}

it(
  'every target holds what the SQL in force for each hour makes of its sources',
  async () => {
    await play(history, runHistory);
  },
  timeLimitMs + 600_000,
);
