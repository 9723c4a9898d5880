// Goal: with two windows and a lookup, sources of different completeness, event times of every unit that lie on the
// edges of hours, clocks that go back, and days and hours of other time zones across their changes, every target
// equals the same SQL over whole tables, and no hour stays owed. Method: random histories of one process, compared
// with plain SQL after every session; at the end all sources are complete. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED,
// _PATH and _REPORT as in histories.whole.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { histories } from '../support/histories.ts';
import { createWorld, hourAt, type ProcessFile, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({
  shrinksByPath: true,
  runs: 8,
  timeLimitMs: (runs) => 60_000 + runs * 20_000,
});

const SIDES = ['d', 'w1', 'w2', 'l'] as const;
type Side = (typeof SIDES)[number];
const TYPES = ['timestamptz', 'timestamp', 'timestamp_ns', 'epoch_ms', 'epoch_s', 'epoch_us'] as const;
type Type = (typeof TYPES)[number];
type Row = { readonly hour: number; readonly offset: number; readonly k: number };
type Step =
  | { readonly kind: 'land'; readonly side: Side; readonly rows: readonly Row[] }
  | { readonly kind: 'delete'; readonly side: Side; readonly rest: number }
  | { readonly kind: 'rekey'; readonly side: Side; readonly rest: number }
  | { readonly kind: 'move'; readonly side: Side; readonly rest: number }
  | { readonly kind: 'overwrite'; readonly side: Side; readonly file: number; readonly rows: readonly Row[] }
  | { readonly kind: 'rollback'; readonly side: Side; readonly back: number }
  | { readonly kind: 'complete'; readonly side: Side; readonly hour: number }
  | { readonly kind: 'clock'; readonly hours: number }
  | { readonly kind: 'session'; readonly untilComplete: boolean }
  | { readonly kind: 'restate'; readonly hours: readonly [number, number] | undefined }
  | { readonly kind: 'compact' }
  | { readonly kind: 'maintain' };

const side = fc.constantFrom<Side>('d', 'd', 'w1', 'w1', 'w2', 'w2', 'l');
const row = fc.record({
  hour: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 7 }) },
    { weight: 1, arbitrary: fc.constant(75) },
  ),
  offset: fc.nat(5),
  k: fc.nat(3),
});
const rows = fc.array(row, { minLength: 1, maxLength: 4 });
const of = <K extends string>(kind: K) => fc.constant(kind);
const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: of('land'), side, rows }) },
  { weight: 2, arbitrary: fc.record({ kind: of('delete'), side, rest: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: of('rekey'), side, rest: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: of('move'), side, rest: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: of('overwrite'), side, file: fc.nat(9), rows }) },
  { weight: 1, arbitrary: fc.record({ kind: of('rollback'), side, back: fc.integer({ min: 1, max: 2 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: of('complete'), side, hour: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: of('clock'), hours: fc.integer({ min: -70, max: 30 }) }) },
  { weight: 10, arbitrary: fc.record({ kind: of('session'), untilComplete: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: of('restate'),
      hours: fc.option(
        fc.tuple(fc.nat(7), fc.nat(7)).map(([x, y]) => [Math.min(x, y), Math.max(x, y)] as const),
        { nil: undefined },
      ),
    }),
  },
  { weight: 1, arbitrary: of('compact').map((kind) => ({ kind })) },
  { weight: 1, arbitrary: of('maintain').map((kind) => ({ kind })) },
) as fc.Arbitrary<Step>;

const MODES = ['joined', 'joined', 'joined', 'naive', 'local-hours', 'local-days'] as const;
const ZONES = [
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Europe/Berlin',
  'Asia/Kathmandu',
] as const;
/** The hour (of the tests' day) before a change of the clocks. */
const CHANGE: Record<string, number> = {
  'Australia/Lord_Howe': 399,
  'America/St_Johns': 52 * 24 + 4,
  'Europe/Berlin': 45 * 24,
};

const history = fc.record({
  mode: fc.constantFrom(...MODES),
  zone: fc.constantFrom(...ZONES),
  pattern: fc.constantFrom('stateful' as const, 'stateful' as const, 'dimension' as const),
  grain: fc.constantFrom('hour' as const, 'hour' as const, 'day' as const),
  types: fc.record({
    d: fc.constantFrom(...TYPES),
    w1: fc.constantFrom(...TYPES),
    w2: fc.constantFrom(...TYPES),
  }),
  w1: fc.record({ before: fc.nat(2), after: fc.nat(2), key: fc.boolean() }),
  w2: fc.record({ before: fc.nat(2), after: fc.nat(1), key: fc.boolean() }),
  usesW2: fc.boolean(),
  usesL: fc.boolean(),
  lookupKey: fc.boolean(),
  bySql: fc.record({ d: fc.boolean(), w1: fc.boolean(), w2: fc.boolean() }),
  textKey: fc.boolean(),
  hours: fc.constantFrom('contiguous', 'touched'),
  firstHour: fc.constantFrom(0, 0, 20, -470_739, -1_000_000),
  partitioned: fc.constantFrom('hour', 'day', undefined),
  sourceParts: fc.constantFrom('hour', 'day', 'k', undefined, undefined),
  version: fc.constantFrom('2', '3'),
  catchup: fc.constantFrom(
    undefined,
    undefined,
    { hours_per_session: 2 },
    { hours_per_session: 3, order: 'newest' },
    { threshold_hours: 3 },
  ),
  steps: fc
    .tuple(rows, rows, rows, fc.array(step, { minLength: 8, maxLength: 22 }))
    .map(([d, w1, w2, then]): Step[] => [
      { kind: 'land', side: 'd', rows: d },
      { kind: 'land', side: 'w1', rows: w1 },
      { kind: 'land', side: 'w2', rows: w2 },
      { kind: 'session', untilComplete: false },
      ...then,
    ]),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const isJoined = (h: History) => h.mode === 'joined';
const grainOf = (h: History) => (h.mode === 'local-days' ? 'day' : h.mode === 'joined' ? h.grain : 'hour');
const patternOf = (h: History) => (isJoined(h) ? h.pattern : 'stateful');
const apart = (h: History) => (grainOf(h) === 'day' ? 9 : 1);
const firstHour = (h: History) =>
  isJoined(h) ? h.firstHour : (CHANGE[h.zone] ?? 0) - (h.mode === 'local-days' ? 30 : 3);
const typeOf = (h: History, s: Side): Type =>
  s === 'l'
    ? 'timestamptz'
    : isJoined(h)
      ? h.types[s]
      : h.mode === 'naive'
        ? 'timestamp'
        : h.types.d === 'timestamp_ns'
          ? 'timestamptz'
          : h.types.d;

const T = (type: Type, column: string): string =>
  ({
    timestamptz: column,
    timestamp: `(${column} at time zone 'UTC')`,
    timestamp_ns: `(${column}::timestamp at time zone 'UTC')`,
    epoch_ms: `to_timestamp(${column} / 1000)`,
    epoch_s: `to_timestamp(${column})`,
    epoch_us: `(make_timestamp(${column}) at time zone 'UTC')`,
  })[type];
const SQL_TYPE: Record<Type, string> = {
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  timestamp_ns: 'timestamp_ns',
  epoch_ms: 'bigint',
  epoch_s: 'bigint',
  epoch_us: 'bigint',
};

/** Microseconds after the start of an hour. */
const OFFSETS = [0, 1_000_000, 1_800_000_000, 3_599_000_000, 1, 3_599_999_999];
function value(h: History, s: Side, { hour, offset }: Row): string {
  const type = typeOf(h, s);
  const usAt = (micros: number) =>
    `(timestamptz '${hourAt(hour * (hour === 75 ? 1 : apart(h)) + firstHour(h))}' + to_microseconds(${micros}))`;
  const us = OFFSETS[offset] as number;
  const at = usAt(
    type === 'epoch_s' ? Math.floor(us / 1e6) * 1e6 : type === 'epoch_ms' ? Math.floor(us / 1000) * 1000 : us,
  );
  switch (type) {
    case 'timestamptz':
      return at;
    case 'timestamp':
      return `(${at} at time zone 'UTC')`;
    case 'timestamp_ns':
      return `make_timestamp_ns(epoch_ns(${at} at time zone 'UTC')${us === 3_599_999_999 ? ' + 999' : us === 1 ? ' - 1' : ''})`;
    case 'epoch_ms':
      return `epoch_ms(${at})`;
    case 'epoch_s':
      return `(epoch_us(${at}) // 1000000)`;
    case 'epoch_us':
      return `epoch_us(${at})`;
  }
}
const KEYS = (h: History, k: number): string =>
  k === 3 ? 'null' : h.textKey ? `'key of sixteen letters and more ${'é'.repeat(k)}'` : String(k);

function sqlOf(h: History): string {
  const { mode, zone } = h;
  const src = (s: Side) => `(select id, k, ${T(typeOf(h, s), 'ts')} as ts from ${s})`;
  if (mode === 'naive') return `select id, k, ts at time zone '${zone}' as ts from d`;
  if (mode === 'local-hours')
    return `select k, date_trunc('hour', x.ts at time zone '${zone}') at time zone '${zone}' as ts, count(*) as n, sum(id)::bigint as s from ${src('d')} as x group by all`;
  if (mode === 'local-days')
    return `select k, (x.ts at time zone '${zone}')::date as ts, count(*) as n, sum(id)::bigint as s from ${src('d')} as x group by all`;
  const hours = (n: number) => n * apart(h);
  const j1 = `select b.id, b.k, b.ts, count(w.id) as n1 from ${src('d')} as b left join ${src('w1')} as w on w.k is not distinct from b.k
    and w.ts >= b.ts - interval ${hours(h.w1.before)} hour and w.ts <= b.ts + interval ${hours(h.w1.after)} hour group by all`;
  const j2 = !h.usesW2
    ? `select *, 0::bigint as n2 from (${j1})`
    : `select b.id, b.k, b.ts, b.n1, count(w.id) as n2 from (${j1}) as b left join ${src('w2')} as w on w.k is not distinct from b.k
    and date_trunc('hour', w.ts) >= date_trunc('hour', b.ts) - interval ${hours(h.w2.before)} hour and date_trunc('hour', w.ts) <= date_trunc('hour', b.ts) + interval ${hours(h.w2.after)} hour group by all`;
  const rowsSql = h.usesL
    ? `select x.*, y.label from (${j2}) as x left join (select k, max(id) as label from l group by k) as y on y.k is not distinct from x.k`
    : `select *, 0::bigint as label from (${j2})`;
  return h.pattern === 'stateful'
    ? rowsSql
    : `select $range_start::timestamptz as ts, k, sum(n)::bigint as n from (select k, 1 + n1 * 10 + n2 * 100 as n from (${j2}) union all by name select k, n from previous) group by k`;
}
const columns = (h: History): string =>
  h.mode === 'naive'
    ? 'id, k, ts'
    : !isJoined(h)
      ? 'k, ts, n, s'
      : h.pattern === 'stateful'
        ? 'id, k, ts, n1, n2, label'
        : 'ts, k, n';
const sidesOf = (h: History): Side[] =>
  !isJoined(h)
    ? ['d']
    : [
        'd',
        'w1',
        ...(h.usesW2 ? ['w2' as const] : []),
        ...(h.usesL && h.pattern === 'stateful' ? ['l' as const] : []),
      ];

function fileOf(h: History): ProcessFile {
  const window = (s: 'w1' | 'w2') => ({
    ...(h[s].before + h[s].after === 0
      ? {}
      : {
          window: {
            before: `${h[s].before * apart(h)}h`,
            after: `${h[s].after * apart(h)}h`,
            ...(h[s].key ? { key: 'k' } : {}),
          },
        }),
  });
  const zoneWindow = {
    naive: {
      'Asia/Kolkata': { after: '6h' },
      'Asia/Kathmandu': { after: '6h' },
      'Australia/Lord_Howe': { after: '12h' },
      'America/St_Johns': { before: '4h' },
      'Europe/Berlin': { after: '3h' },
    }[h.zone],
    'local-hours': { before: '2h', after: '2h' },
    'local-days': { before: '12h', after: '12h' },
  }[h.mode as string];
  const source = (s: Side) => ({
    table: `raw.${s}`,
    alias: s,
    ...(s === 'l'
      ? { lookup: true, on_change: 'restate', ...(h.lookupKey ? { key: 'k' } : {}) }
      : { event_time: 'ts' }),
    ...(typeOf(h, s).startsWith('epoch') && s !== 'l' ? { event_time_unit: typeOf(h, s) } : {}),
    ...(s === 'l' ? {} : h.bySql[s] ? { vtts: { sql: `select max(t) from aux.complete_${s}` } } : {}),
    ...(isJoined(h) ? (s === 'w1' || s === 'w2' ? window(s) : {}) : { window: zoneWindow }),
  });
  return processFile(
    {
      process_name: 'p',
      pattern: patternOf(h),
      grain: grainOf(h),
      ...(patternOf(h) === 'stateful' ? { hours: h.hours } : {}),
      ...(h.catchup === undefined
        ? {}
        : {
            catchup: Object.fromEntries(
              Object.entries(h.catchup).filter(([key]) => key !== 'order' || patternOf(h) === 'stateful'),
            ),
          }),
      sources: sidesOf(h).map(source),
      target: {
        table: 'facts.p',
        event_time: 'ts',
        ...(h.partitioned === undefined
          ? {}
          : { partition_by: [`${h.mode === 'local-days' ? 'day' : h.partitioned}(ts)`] }),
        properties: { 'format-version': h.version },
      },
    },
    sqlOf(h),
  );
}

interface Played {
  readonly h: History;
  readonly world: World;
  readonly log: string[];
  next: number;
  complete: Map<Side, number>;
}

const insertOf = (played: Played, s: Side, list: readonly Row[]): string =>
  `select * from (values ${list.map((each) => `(${played.next++}::bigint, ${KEYS(played.h, each.k)}, ${value(played.h, s, each)})`).join(', ')}) as rows(id, k, ts)`;

async function wholeSql(played: Played, limit: string): Promise<string> {
  const { h } = played;
  const ctes = sidesOf(h)
    .map((s) => `${s} as (from raw.${s})`)
    .join(', ');
  if (patternOf(h) === 'stateful') return `with ${ctes} ${sqlOf(h)}`;
  const inner = /select k, 1 \+ n1 \* 10 \+ n2 \* 100 as n from \(([\s\S]*)\) union all by name/.exec(
    sqlOf(h),
  )?.[1];
  const unit = grainOf(h);
  return `with ${ctes}, rows as (select k, ts, 1 + n1 * 10 + n2 * 100 as n from (${inner})),
    beginnings as (${begins(h)}),
    hours as (select unnest(generate_series((select date_trunc('${unit}', min(ts)) from beginnings), timestamptz '${limit}', interval 1 ${unit})) as hour)
    select hour as ts, k, sum(n)::bigint as n from hours join rows on rows.ts < hour + interval 1 ${unit} group by all`;
}
const begins = (h: History): string => `select ${T(typeOf(h, 'd'), 'ts')} as ts from d`;

const HONEST = ['history-expired', 'source-rewound'];

async function session(played: Played, untilComplete: boolean): Promise<void> {
  const { world, log } = played;
  const record = (await world.psyberg.run(['p'], { untilComplete })).at(-1);
  if (record === undefined) return;
  log.push(
    `   ${record.status} ${record.error?.code ?? ''} ${record.error?.message ?? ''} owes ${record.owed_hours} range ${JSON.stringify(record.range)}`,
  );
  cover(`${record.status} ${record.error?.code ?? ''}`);
  if (record.error !== null) {
    expect(HONEST, JSON.stringify(record)).toContain(record.error.code);
    return;
  }
  expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
  await compare(played, record as never);
}

async function compare(
  played: Played,
  record: { owed_hours: readonly string[]; catchup?: { later_hours: number } },
): Promise<void> {
  const { world, h } = played;
  let plan = await world.plan('p');
  const isLeft = (record.catchup?.later_hours ?? 0) > 0;
  if (
    !isLeft &&
    plan.status === 'work' &&
    plan.hours.every(({ reason }) => reason === 'reached' || reason === 'contiguous')
  ) {
    // Hours up to the newest one that a window reaches, rows or not.
    cover('reached hours follow');
    await world.run(['p']);
    plan = await world.plan('p');
  }
  if (!isLeft) expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
  if (!(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'p' }))) return;
  const limit = plan.target.complete_to_hour;
  if (limit === null) {
    expect(await world.rows('from facts.p')).toEqual([]);
    return;
  }
  const unit = grainOf(h);
  const owed = [...new Set([...plan.owed_hours, ...record.owed_hours])].sort();
  const units = owed.map((hour) => `date_trunc('${unit}', timestamptz '${hour}')`);
  const notOwed =
    units.length === 0
      ? 'true'
      : patternOf(h) === 'dimension'
        ? `ts::timestamptz < ${units[0]}`
        : `date_trunc('${unit}', ts::timestamptz) not in (${units})`;
  const judged = `ts < timestamptz '${limit}' + interval 1 hour and ${notOwed}`;
  const found = await world.rows(`select ${columns(h)} from facts.p where ${judged}`);
  const wanted = await world.rows(
    `select ${columns(h)} from (${await wholeSql(played, limit)}) where ${judged}`,
  );
  expect(found, `to ${limit}, owed ${owed}`).toEqual(wanted);
  expect(
    await world.rows(
      `select ${columns(h)} from facts.p where not (ts < timestamptz '${limit}' + interval 1 hour)`,
    ),
  ).toEqual([]);
  cover(`compared ${h.mode}${found.length === 0 ? ' (empty)' : ''}`);
  const [verified] = await world.psyberg.verify(['p']);
  expect(
    verified?.status,
    JSON.stringify(verified, (_, each) => (typeof each === 'bigint' ? String(each) : each), 1),
  ).not.toBe('different');
  cover(`verified ${verified?.error?.code ?? verified?.status}`);
}

async function apply(played: Played, step: Step): Promise<void> {
  const { world, h, log } = played;
  if ('side' in step && !sidesOf(h).includes(step.side)) return;
  const hasRows = async (where = 'true') =>
    'side' in step && (await world.rows(`select 1 from raw.${step.side} where ${where} limit 1`)).length > 0;
  const nowBase = Date.parse(hourAt(firstHour(h) + 60 + (grainOf(h) === 'day' ? 60 : 0)));
  switch (step.kind) {
    case 'land':
      return world.land(`raw.${step.side}`, insertOf(played, step.side, step.rows), 'name');
    case 'delete':
      if (await hasRows(`id % 3 = ${step.rest}`))
        await world.sql(`delete from raw.${step.side} where id % 3 = ${step.rest}`);
      return;
    case 'rekey':
      if (await hasRows(`id % 3 = ${step.rest}`))
        await world.sql(`update raw.${step.side} set k = ${KEYS(h, step.rest)} where id % 3 = ${step.rest}`);
      return;
    case 'move':
      if (await hasRows(`id % 3 = ${step.rest}`))
        await world.sql(
          `update raw.${step.side} set ts = ${value(h, step.side, { hour: step.rest * 2, offset: step.rest, k: 0 })} where id % 3 = ${step.rest}`,
        );
      return;
    case 'overwrite':
      if (!(await hasRows())) return;
      await world.changeFiles(`raw.${step.side}`, {
        operation: 'overwrite',
        remove: (files) => files.filter((_, index) => index === step.file % files.length),
        insert: insertOf(played, step.side, step.rows).replace('select *', 'select id, k, ts'),
      });
      return;
    case 'rollback': {
      const to = (await world.history(`raw.${step.side}`)).at(-1 - step.back);
      if (to !== undefined) await world.rollback(`raw.${step.side}`, to['snapshot-id']);
      return;
    }
    case 'complete': {
      if (step.side === 'l' || step.hour <= (played.complete.get(step.side) ?? -1)) return;
      played.complete.set(step.side, step.hour);
      await world.sql(
        `insert into aux.complete_${step.side} values (timestamptz '${hourAt((step.hour + 1) * apart(h) + firstHour(h))}')`,
      );
      return;
    }
    case 'clock':
      world.nowMs = Math.max(nowBase - 80 * 3_600_000, (world.nowMs as number) + step.hours * 3_600_000);
      return;
    case 'session':
      return session(played, step.untilComplete);
    case 'restate': {
      if (!(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'p' }))) return;
      const at = (hour: number) => hourAt(hour * apart(h) + firstHour(h)).slice(0, 13);
      try {
        const [record] = await world.psyberg.restate(
          'p',
          step.hours === undefined ? { all: true } : { hours: `${at(step.hours[0])}..${at(step.hours[1])}` },
        );
        log.push(`   restate ${record?.status} ${record?.error?.code ?? ''}`);
        cover(`restate ${record?.status} ${record?.error?.code ?? ''}`);
      } catch (error) {
        log.push(`   restate thrown ${(error as { code?: string }).code}`);
        cover(`restate thrown ${(error as { code?: string }).code}`);
        if ((error as { code?: string }).code === undefined) throw error;
      }
      return;
    }
    case 'compact':
      if (
        h.partitioned !== undefined ||
        !(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'p' }))
      )
        return;
      if ((await world.rows('from facts.p limit 1')).length === 0) return;
      return world.changeFiles('facts.p', {
        operation: 'replace',
        remove: (files) => files,
        insert: 'from facts.p',
      });
    case 'maintain':
      await world.psyberg.maintain(undefined, { olderThanMs: 0, orphanGraceMs: 0, force: true });
      return;
  }
}

async function runHistory(h: History): Promise<void> {
  const world = await createWorld({ processes: [fileOf(h)] });
  const played: Played = { h, world, log: [], next: 1, complete: new Map() };
  try {
    world.nowMs = Date.parse(hourAt(firstHour(h) + 60 + (grainOf(h) === 'day' ? 60 : 0)));
    for (const s of SIDES) {
      const part =
        h.sourceParts === undefined || s === 'l'
          ? undefined
          : h.sourceParts === 'k'
            ? 'k'
            : typeOf(h, s).startsWith('epoch') || typeOf(h, s) === 'timestamp_ns'
              ? undefined
              : `${h.sourceParts}(ts)`;
      await world.create(
        `raw.${s}`,
        `id bigint, k ${h.textKey ? 'varchar' : 'integer'}, ts ${SQL_TYPE[typeOf(h, s)]}`,
        {
          formatVersion: typeOf(h, s) === 'timestamp_ns' ? '3' : h.version,
          ...(part === undefined ? {} : { partitionedBy: part }),
        },
      );
      await world.create(`aux.complete_${s}`, 't timestamptz');
    }
    for (const each of h.steps) {
      played.log.push(JSON.stringify(each));
      await apply(played, each);
    }
    await settle(played);
    cover(`history ${h.mode}`);
  } catch (error) {
    if (
      /INTERNAL Error|entries without partition info|only supports merge-on-read/.test(
        (error as Error).message,
      )
    )
      return cover(`given up: DuckDB ${(error as Error).message.slice(0, 90)}`);
    (error as Error).message += `\n${JSON.stringify({ ...h, steps: undefined })}\n${played.log.join('\n')}`;
    throw error;
  } finally {
    await world.close();
  }
}

/** Rows come by which all hours before are complete: none of them stays owed. */
async function settle(played: Played): Promise<void> {
  const { world, h, log } = played;
  log.push('settling');
  const last = 100;
  world.nowMs = Date.parse(hourAt(firstHour(h) + last + 60));
  for (const s of sidesOf(h).filter((each) => each !== 'l')) {
    const at = { hour: 0, offset: 0, k: 0 };
    const moved = { ...h, firstHour: (h.firstHour + last) as History['firstHour'] };
    const sql = `select ${played.next++}::bigint as id, ${KEYS(h, 0)} as k, ${value(isJoined(h) ? moved : h, s, isJoined(h) ? at : { ...at, hour: Math.floor(last / apart(h)) })} as ts`;
    await world.land(`raw.${s}`, sql, 'name');
    await world.sql(
      `insert into aux.complete_${s} values (timestamptz '${hourAt(firstHour(h) + last + 1)}')`,
    );
  }
  await session(played, true);
  const plan = await world.plan('p');
  const beyond = plan.catchup?.beyond_hours ?? [];
  const limit = plan.target.complete_to_hour ?? '';
  const left = plan.owed_hours.filter(
    (hour) => (hour <= limit || hour < hourAt(firstHour(h) + 60)) && !beyond.includes(hour),
  );
  if (plan.status === 'waiting' || plan.status === 'nothing-new')
    expect({ left }, JSON.stringify(plan, undefined, 1)).toEqual({ left: [] });
  cover('settled');
}

it('edges of hours, of windows and of days elsewhere equal the SQL over whole tables', {
  timeout: timeLimitMs + 600_000,
}, async () => {
  await play(history, runHistory);
});
