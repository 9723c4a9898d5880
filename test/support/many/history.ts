/** Random histories of commands at the same time, each of which may be killed, paused, or asleep for a day. Pure. */
import fc from 'fast-check';
import { type History as MixedHistory, history as mixedHistory, NAMES, type Name } from '../mixed/history.ts';
import {
  anyOperations,
  appendingOperations,
  batches,
  landings,
  type SourceOperation,
} from '../source-operations.ts';
import type { Batch } from '../source-shape.ts';

/** Processes of the project: those of mixed histories, and two that begin with a folder of files. */
export type Process = Name | 'orders' | 'by_hour';
const PROCESSES: readonly Process[] = [...NAMES, 'orders', 'by_hour'];

/** How a command ends. `line`: the line of what it tells at which it happens, and so many ms later. */
export type Fate =
  | { readonly kind: 'ends' }
  | { readonly kind: 'killed'; readonly line: number; readonly afterMs: number }
  | { readonly kind: 'paused'; readonly line: number; readonly afterMs: number; readonly forMs: number }
  /** Stopped, on another machine, until a later round; the clocks go on by more than a day. */
  | { readonly kind: 'sleeps'; readonly line: number; readonly afterMs: number; readonly rounds: number };

export type Work =
  | {
      readonly kind: 'run';
      readonly only: Process | undefined;
      readonly jobs: number;
      readonly untilComplete: boolean;
    }
  | { readonly kind: 'planned'; readonly only: Process | undefined }
  | { readonly kind: 'steps'; readonly only: Process; readonly repeats: boolean }
  | { readonly kind: 'restate'; readonly only: Name; readonly downstream: boolean; readonly atomic: boolean }
  | { readonly kind: 'maintain'; readonly tasks: string }
  /** Ends a process whose target nobody reads: somebody drops that, and it is loaded anew. */
  | { readonly kind: 'retire'; readonly only: 'again' | 'state' | 'days' | 'by_hour' }
  | { readonly kind: 'look'; readonly command: 'verify' | 'status' | 'plan' | 'doctor' | 'history' };

export interface Lane {
  readonly machine: 'here' | 'other';
  readonly work: Work;
  readonly fate: Fate;
  readonly afterMs: number;
}

export type Foreign =
  | { readonly kind: 'change'; readonly side: 'a' | 'b'; readonly operation: SourceOperation }
  | { readonly kind: 'file'; readonly hour: number; readonly rows: number }
  | { readonly kind: 'expire-target'; readonly name: Name }
  | { readonly kind: 'compact-target'; readonly name: Name }
  | { readonly kind: 'lock'; readonly forMs: number }
  | { readonly kind: 'roll-target'; readonly name: Name; readonly back: number };

export interface Round {
  /** What has come before the commands begin: all of them find the same to do. */
  readonly before: { readonly a: Batch | undefined; readonly b: Batch | undefined; readonly file: number };
  readonly lanes: readonly Lane[];
  readonly foreign: readonly Foreign[];
  /** Two targets that have each other's names while it is played. */
  readonly swapped: readonly [Name, Name] | undefined;
}

const process = fc.constantFrom<Process>(...PROCESSES);
const name = fc.constantFrom<Name>(...NAMES);
/** 0: before it tells anything. */
const line = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40 }) },
);
const afterMs = fc.constantFrom(0, 0, 5, 20, 60, 150, 400, 800);

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'ends' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('killed' as const), line, afterMs }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('paused' as const),
      line,
      afterMs,
      forMs: fc.constantFrom(300, 1000, 2500),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('sleeps' as const),
      line,
      afterMs,
      rounds: fc.integer({ min: 1, max: 2 }),
    }),
  },
);

const work: fc.Arbitrary<Work> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      only: fc.option(process, { nil: undefined, freq: 3 }),
      jobs: fc.constantFrom(1, 2),
      untilComplete: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('planned' as const),
      only: fc.option(process, { nil: undefined, freq: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('steps' as const), only: process, repeats: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('restate' as const),
      only: name,
      downstream: fc.boolean(),
      atomic: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('maintain' as const),
      tasks: fc.constantFrom('compact,manifests', 'expire', 'compact,manifests,expire,orphans'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('retire' as const),
      only: fc.constantFrom('again' as const, 'state' as const, 'days' as const, 'by_hour' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('look' as const),
      command: fc.constantFrom(
        'verify' as const,
        'verify' as const,
        'status' as const,
        'plan' as const,
        'doctor' as const,
        'history' as const,
      ),
    }),
  },
);

const lane: fc.Arbitrary<Lane> = fc.record({
  machine: fc.constantFrom('here' as const, 'here' as const, 'other' as const),
  work,
  fate,
  afterMs: fc.constantFrom(0, 0, 100, 400, 900),
});

const change = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      side: fc.constant('a' as const),
      operation: appendingOperations,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      side: fc.constant('b' as const),
      operation: fc.oneof(
        { weight: 2, arbitrary: landings },
        { weight: 3, arbitrary: anyOperations.filter(({ kind }) => kind !== 'in-one-gap') },
      ),
    }),
  },
);
const foreign = (disturbs: boolean): fc.Arbitrary<Foreign> =>
  fc.oneof(
    { weight: 10, arbitrary: change as fc.Arbitrary<Foreign> },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('file' as const),
        hour: fc.integer({ min: 0, max: 6 }),
        rows: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire-target' as const), name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact-target' as const), name }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('lock' as const), forMs: fc.constantFrom(50, 500, 3000) }),
    },
    {
      weight: disturbs ? 2 : 0,
      arbitrary: fc.record({
        kind: fc.constant('roll-target' as const),
        name,
        back: fc.integer({ min: 1, max: 2 }),
      }),
    },
  );

const round = (disturbs: boolean): fc.Arbitrary<Round> =>
  fc.record({
    before: fc.record({
      a: fc.option(batches, { nil: undefined, freq: 3 }),
      b: fc.option(batches, { nil: undefined, freq: 3 }),
      file: fc.constantFrom(0, 1, 3),
    }),
    lanes: fc.array(lane, { minLength: 2, maxLength: 3 }),
    foreign: fc.array(foreign(disturbs), { minLength: 0, maxLength: 4 }),
    swapped: disturbs
      ? fc.option(
          fc.tuple(name, name).filter(([one, other]) => one !== other),
          { nil: undefined, freq: 2 },
        )
      : fc.constant(undefined),
  });

export const history = fc
  .record({
    mixed: mixedHistory.map((each): MixedHistory => ({ ...each, steps: [], bySql: false })),
    /** By which the clock of the other machine is wrong. */
    skewSeconds: fc.constantFrom(0, 0, 90, -90, 7200, -7200),
    disturbs: fc.constantFrom(false, false, true),
    first: fc.record({
      a: batches,
      b: batches,
      lastHour: fc.constantFrom(5, 29, 53),
      isLoaded: fc.boolean(),
    }),
  })
  .chain(({ disturbs, ...each }) =>
    fc.record({
      mixed: fc.constant(each.mixed),
      skewSeconds: fc.constant(each.skewSeconds),
      disturbs: fc.constant(disturbs),
      first: fc.constant(each.first),
      rounds: fc.array(round(disturbs), { minLength: 2, maxLength: 5 }),
    }),
  );
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
