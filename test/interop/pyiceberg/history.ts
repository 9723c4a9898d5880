/** Random histories of what PyIceberg does to two sources and a lookup, with sessions between. Pure. */
import fc from 'fast-check';

export type Side = 'a' | 'b' | 'l';
export type Time = 'timestamptz' | 'timestamp' | 'epoch_ms' | 'date';
/** A few rows of an hour; null: without event time. `id`: a known row's, by its place; undefined: a new row. */
export interface Rows {
  readonly hour: number | null;
  readonly count: number;
  readonly k: string | null;
  readonly v: number | null;
  readonly id?: number | undefined;
}
export type Where = readonly [string, ...unknown[]];

/** As `source_writer.py` takes them, but for rows: those are given ids later. */
export interface Operation {
  readonly kind: string;
  readonly batch?: readonly Rows[];
  readonly batches?: readonly (readonly Rows[])[];
  readonly operations?: readonly Operation[];
  readonly [key: string]: unknown;
}
export interface Shape {
  readonly version: '1' | '2' | '3';
  readonly time: Time;
  readonly partition: readonly (readonly [string, string])[];
  readonly properties: Readonly<Record<string, string>>;
}
export const NAMES = ['copy', 'labelled', 'sums', 'state', 'days', 'extra', 'near', 'added'] as const;
export type Name = (typeof NAMES)[number];
export type Step =
  | {
      readonly kind: 'change';
      readonly side: Side;
      readonly operation: Operation;
      readonly via: 'rest' | 'sql';
    }
  | { readonly kind: 'session'; readonly names: readonly Name[] | undefined }
  | { readonly kind: 'reopen' }
  | {
      readonly kind: 'adopt';
      readonly name: Name;
      /** Its own target after it was retired, one that somebody filled, or its own under another name. */
      readonly how: 'retired' | 'filled' | 'filled-whole' | 'renamed';
      /** What happens to the sources between the place of the adoption and the adoption. */
      readonly between: readonly { readonly side: Side; readonly operation: Operation }[];
      readonly by: 'duckdb' | 'pyiceberg';
      readonly partition: string | undefined;
    }
  | { readonly kind: 'restate'; readonly name: Name; readonly hours: readonly [number, number] | undefined }
  | { readonly kind: 'maintain' };

const rows = fc.record({
  hour: fc.oneof(
    { weight: 12, arbitrary: fc.nat(6) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(26, 30, 30, 200, -20) },
  ),
  count: fc.integer({ min: 1, max: 3 }),
  k: fc.constantFrom('a', 'b', 'c', 'a b/ü', null),
  v: fc.constantFrom(0, 1, 2, 3, null),
});
const batch = fc.array(rows, { minLength: 1, maxLength: 3 });
const known = fc.array(
  fc
    .tuple(rows, fc.option(fc.nat(12), { nil: undefined, freq: 4 }))
    .map(([each, id]) => ({ ...each, count: 1, id })),
  { minLength: 1, maxLength: 3 },
);
const HOUR_MS = 3_600_000;
export const FIRST_DAY_MS = Date.UTC(2023, 8, 14);
const simple: fc.Arbitrary<Where> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(2).map((rest) => ['rest', 3, rest] as const) },
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', null).map((k) => ['k', k] as const) },
  { weight: 1, arbitrary: fc.nat(3).map((v) => ['v', v] as const) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(6), fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 0, 1_800_000))
      .map(([hour, hours, off]) => {
        const from = FIRST_DAY_MS + hour * HOUR_MS + off;
        return ['time', from, from + hours * HOUR_MS] as const;
      }),
  },
  { weight: 1, arbitrary: fc.constant(['null-time'] as const) },
);
const where: fc.Arbitrary<Where> = fc.oneof(
  { weight: 8, arbitrary: simple },
  { weight: 1, arbitrary: simple.map((each) => ['not', each] as const) },
  { weight: 1, arbitrary: fc.tuple(simple, simple).map(([one, other]) => ['both', one, other] as const) },
  { weight: 1, arbitrary: fc.constant(['all'] as const) },
);
const land = fc.record({ kind: fc.constant('land'), batch, noted: fc.boolean() });
const rowOperations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: land as fc.Arbitrary<Operation> },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), where }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('overwrite'), batch, where }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rewrite') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('dynamic'), batch }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('upsert'),
      batch: known,
      keys: fc.constant(['id']),
      update: fc.constantFrom(true, true, true, false),
      insert: fc.constantFrom(true, true, false),
    }),
  },
);
const name = fc.constantFrom('x', 'y', 'extra');
const schemaChange: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('schema'),
      change: fc.constant('add'),
      name,
      type: fc.constantFrom('string', 'int', 'float', 'decimal'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('schema'), change: fc.constant('drop'), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('schema'), change: fc.constant('rename'), name, to: name }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Operation>(
      { kind: 'schema', change: 'widen', name: 'v', type: 'long' },
      { kind: 'schema', change: 'widen', name: 'x', type: 'long' },
      { kind: 'schema', change: 'widen', name: 'y', type: 'double' },
      { kind: 'schema', change: 'widen', name: 'x', type: 'wide' },
      { kind: 'schema', change: 'first', name: 'v' },
      { kind: 'schema', change: 'first', name: 'ts' },
      { kind: 'schema', change: 'doc', name: 'k' },
    ),
  },
);
const TRANSFORMS: readonly (readonly [string, string])[] = [
  ['ts', 'hour'],
  ['ts', 'day'],
  ['ts', 'month'],
  ['ts', 'identity'],
  ['k', 'identity'],
  ['k', 'truncate[1]'],
  ['k', 'bucket[2]'],
  ['id', 'bucket[3]'],
  ['id', 'truncate[10]'],
  ['v', 'identity'],
  ['k', 'void'],
];
const specChange: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...TRANSFORMS), fc.nat(3))
      .map(([[column, transform], at]) => ({ kind: 'spec', column, transform, name: `p${at}` })),
  },
  { weight: 2, arbitrary: fc.nat(3).map((remove) => ({ kind: 'spec', remove })) },
  { weight: 1, arbitrary: fc.nat(3).map((rename) => ({ kind: 'spec', rename, name: `q${rename}` })) },
);
const branch = fc.constantFrom('work', 'other');
const moves: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('snapshots'), move: fc.constant('branch'), name: branch }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('snapshots'), move: fc.constant('to-ref'), name: branch }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('snapshots'),
      move: fc.constant('tag'),
      name: fc.constant('t'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('snapshots'),
      move: fc.constantFrom('remove-branch', 'remove-branch'),
      name: branch,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('snapshots'),
      move: fc.constant('back'),
      back: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('snapshots'), move: fc.constant('to'), index: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.constant<Operation>({ kind: 'snapshots', move: 'to-ref', name: 't' }) },
);
const onBranch = fc.tuple(branch, rowOperations).map(([each, operation]) => ({ ...operation, branch: each }));
const PROPERTIES = [
  { 'write.metadata.compression-codec': 'gzip' },
  { 'write.metadata.compression-codec': 'none' },
  { 'commit.manifest-merge.enabled': 'true', 'commit.manifest.min-count-to-merge': '2' },
  { 'write.metadata.metrics.default': 'none' },
  { 'write.metadata.metrics.default': 'counts' },
  { 'write.metadata.metrics.column.ts': 'none' },
  { 'write.metadata.metrics.column.k': 'truncate(1)' },
  { 'write.metadata.previous-versions-max': '2' },
  { 'write.metadata.delete-after-commit.enabled': 'true', 'write.metadata.previous-versions-max': '1' },
  { 'write.object-storage.enabled': 'true' },
  { 'write.summary.partition-limit': '10' },
  { 'write.parquet.row-group-limit': '1' },
] as const;
const properties = fc.constantFrom(...PROPERTIES).map((set) => ({ kind: 'properties', set }) as Operation);
const addFiles = fc.record({
  kind: fc.constant('add-files'),
  batches: fc.array(batch, { minLength: 1, maxLength: 2 }),
  shuffled: fc.boolean(),
  narrow: fc.boolean(),
  bare: fc.constantFrom(false, false, true),
  scheme: fc.boolean(),
});
const transactions = fc.record({
  kind: fc.constant('transaction'),
  operations: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: rowOperations.filter(({ kind }) => kind !== 'rewrite') },
      { weight: 1, arbitrary: schemaChange },
      { weight: 1, arbitrary: specChange },
    ),
    { minLength: 2, maxLength: 4 },
  ),
});
const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 14, arbitrary: rowOperations },
  { weight: 3, arbitrary: transactions as fc.Arbitrary<Operation> },
  { weight: 2, arbitrary: schemaChange },
  { weight: 2, arbitrary: specChange },
  { weight: 4, arbitrary: moves },
  { weight: 3, arbitrary: onBranch },
  { weight: 1, arbitrary: properties },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire'), keep: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: addFiles as fc.Arbitrary<Operation> },
  { weight: 1, arbitrary: fc.constantFrom(2).map((version) => ({ kind: 'upgrade', version })) },
);

const fits = (time: Time, partition: Shape['partition']): boolean =>
  partition.every(
    ([column, transform]) =>
      column !== 'ts' ||
      (time === 'epoch_ms' ? transform === 'identity' : time !== 'date' || transform !== 'hour'),
  );
const shape = (times: readonly Time[], versions: readonly Shape['version'][]): fc.Arbitrary<Shape> =>
  fc
    .record({
      version: fc.constantFrom(...versions),
      time: fc.constantFrom(...times),
      partition: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 4, arbitrary: fc.constantFrom(...TRANSFORMS).map((each) => [each]) },
        { weight: 1, arbitrary: fc.constant([['k', 'identity'] as const]) },
        { weight: 1, arbitrary: fc.constant([['v', 'identity'] as const, ['k', 'identity'] as const]) },
        {
          weight: 2,
          arbitrary: fc
            .constantFrom(...TRANSFORMS.slice(0, 2))
            .map((each) => [['k', 'identity'] as const, each]),
        },
      ),
      properties: fc.oneof(
        { weight: 2, arbitrary: fc.constant({}) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(...PROPERTIES) as fc.Arbitrary<Readonly<Record<string, string>>>,
        },
      ),
    })
    .filter(({ time, partition }) => fits(time, partition));

const via = fc.constantFrom('rest' as const, 'sql' as const);
const side = fc.constantFrom<Side>('a', 'a', 'a', 'b', 'b', 'l');
const change = (operation: fc.Arbitrary<Operation>): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant('change' as const), side, operation, via });
const stepOf = (operations: fc.Arbitrary<Operation>, adopts: boolean): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 20, arbitrary: change(operations) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('session' as const),
        names: fc.option(fc.subarray([...NAMES], { minLength: 1, maxLength: 3 }), {
          nil: undefined,
          freq: 2,
        }),
      }),
    },
    { weight: adopts ? 8 : 0, arbitrary: adoptions },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'maintain' as const }) },
  );
const name7 = fc.constantFrom<Name>(...NAMES.filter((each) => each !== 'added'));
const adoptions: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('adopt' as const),
      name: name7,
      how: fc.constantFrom(
        'retired' as const,
        'filled' as const,
        'filled' as const,
        'filled-whole' as const,
        'renamed' as const,
      ),
      between: fc.array(fc.record({ side, operation: rowOperations }), { maxLength: 2 }),
      by: fc.constantFrom('duckdb' as const, 'pyiceberg' as const),
      partition: fc.constantFrom(undefined, 'hour(ts)', 'day(ts)'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restate' as const),
      name: name7,
      hours: fc.option(
        fc.tuple(fc.nat(6), fc.nat(6)).map(([x, y]) => [Math.min(x, y), Math.max(x, y)] as const),
        {
          nil: undefined,
        },
      ),
    }),
  },
);

/** Mostly with a row by which the hours of all the others are complete. */
const landed = (each: Side, how: object): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constant('change' as const),
    side: fc.constant(each),
    operation: fc.tuple(land, fc.constantFrom(30, 30, 30, 6)).map(([first, hour]) => ({
      ...first,
      ...how,
      batch: [...first.batch, { hour, count: 1, k: 'z', v: 9 }],
    })),
    via,
  });

export const historyOf = (
  operations: fc.Arbitrary<Operation>,
  versions: readonly Shape['version'][],
  how: object = {},
  adopts = false,
) =>
  fc.record({
    shapes: fc.record({
      a: shape(['timestamptz', 'timestamptz', 'timestamp', 'epoch_ms'], versions),
      b: shape(['timestamptz', 'timestamptz', 'timestamp', 'epoch_ms'], versions),
      l: shape(['timestamptz', 'date', 'epoch_ms'], versions),
    }),
    hours: fc.constantFrom('contiguous', 'touched'),
    keyed: fc.boolean(),
    protect: fc.constantFrom(true, true, false),
    targetVersion: fc.constantFrom('2', '3'),
    partitioned: fc.constantFrom('hour', 'day', undefined),
    steps: fc
      .tuple(
        landed('a', how),
        landed('b', how),
        landed('l', how),
        fc.array(stepOf(operations, adopts), { minLength: 10, maxLength: 30 }),
      )
      .map(([a, b, l, then]): Step[] => [a, b, l, { kind: 'session', names: undefined }, ...then]),
  });
export const history = historyOf(operations, ['1', '2', '2']);
export const adoptHistory = historyOf(operations, ['1', '2', '2'], {}, true);
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
