// Random histories of one process on the edges of hours: two windows and a lookup, event times of every unit, clocks that
// go back, days and hours of other time zones. Shapes and steps, and the process, tables and rows of each.
import fc from 'fast-check';
import { hourAt, type ProcessFile, processFile } from './world.ts';

export const SIDES = ['d', 'w1', 'w2', 'l'] as const;
export type Side = (typeof SIDES)[number];
const TYPES = ['timestamptz', 'timestamp', 'timestamp_ns', 'epoch_ms', 'epoch_s', 'epoch_us'] as const;
type Type = (typeof TYPES)[number];
export type Row = { readonly hour: number; readonly offset: number; readonly k: number };
export type Step =
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

export const history = fc.record({
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
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

export const isJoined = (h: History) => h.mode === 'joined';
export const grainOf = (h: History) =>
  h.mode === 'local-days' ? 'day' : h.mode === 'joined' ? h.grain : 'hour';
export const patternOf = (h: History) => (isJoined(h) ? h.pattern : 'stateful');
export const apart = (h: History) => (grainOf(h) === 'day' ? 9 : 1);
export const firstHour = (h: History) =>
  isJoined(h) ? h.firstHour : (CHANGE[h.zone] ?? 0) - (h.mode === 'local-days' ? 30 : 3);
export const typeOf = (h: History, s: Side): Type =>
  s === 'l'
    ? 'timestamptz'
    : isJoined(h)
      ? h.types[s]
      : h.mode === 'naive'
        ? 'timestamp'
        : h.types.d === 'timestamp_ns'
          ? 'timestamptz'
          : h.types.d;

export const T = (type: Type, column: string): string =>
  ({
    timestamptz: column,
    timestamp: `(${column} at time zone 'UTC')`,
    timestamp_ns: `(${column}::timestamp at time zone 'UTC')`,
    epoch_ms: `to_timestamp(${column} / 1000)`,
    epoch_s: `to_timestamp(${column})`,
    epoch_us: `(make_timestamp(${column}) at time zone 'UTC')`,
  })[type];
export const SQL_TYPE: Record<Type, string> = {
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  timestamp_ns: 'timestamp_ns',
  epoch_ms: 'bigint',
  epoch_s: 'bigint',
  epoch_us: 'bigint',
};

/** Microseconds after the start of an hour. */
const OFFSETS = [0, 1_000_000, 1_800_000_000, 3_599_000_000, 1, 3_599_999_999];
export function value(h: History, s: Side, { hour, offset }: Row): string {
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
export const KEYS = (h: History, k: number): string =>
  k === 3 ? 'null' : h.textKey ? `'key of sixteen letters and more ${'é'.repeat(k)}'` : String(k);

export function sqlOf(h: History): string {
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
export const columns = (h: History): string =>
  h.mode === 'naive'
    ? 'id, k, ts'
    : !isJoined(h)
      ? 'k, ts, n, s'
      : h.pattern === 'stateful'
        ? 'id, k, ts, n1, n2, label'
        : 'ts, k, n';
export const sidesOf = (h: History): Side[] =>
  !isJoined(h)
    ? ['d']
    : [
        'd',
        'w1',
        ...(h.usesW2 ? ['w2' as const] : []),
        ...(h.usesL && h.pattern === 'stateful' ? ['l' as const] : []),
      ];

export function fileOf(h: History): ProcessFile {
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
