/**
 * A model of sources, windows and a target, played by the real planner: histories of arrivals and removals, and
 * after each session every complete hour beside what its windows hold now.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { keyHours, keyReach } from '../../src/kinds/patterns/key-hours.ts';
import { completeToHour } from '../../src/model/complete-to-hour.ts';
import {
  type Grain,
  lastOfWholeUnits,
  plannedHours,
  unitHours,
  unitOf,
  wholeUnits,
} from '../../src/model/grain.ts';
import { type Hour, hoursOf, parseHour } from '../../src/model/hour.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { ProcessSpec, SourceWindow } from '../../src/model/process-spec.ts';
import type { ChangedFile, Session, SourceState, Watermark } from '../../src/model/session.ts';
import { planSession } from '../../src/plan/index.ts';
import { hour, sessionOf, specOf } from '../support/session-data.ts';
import { msAt } from '../support/world.ts';

export type Row = { readonly hour: number; readonly key: number };
export type Event =
  | { readonly kind: 'come' | 'go'; readonly source: number; readonly rows: readonly Row[] }
  | { readonly kind: 'session'; readonly passed: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('come' as const, 'come' as const, 'go' as const),
      source: fc.nat(2),
      rows: fc.array(fc.record({ hour: fc.integer({ min: 0, max: 14 }), key: fc.nat(2) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('session' as const), passed: fc.integer({ min: 0, max: 3 }) }),
  },
);
const windows = fc.option(
  fc.record({
    beforeHours: fc.integer({ min: 0, max: 4 }),
    afterHours: fc.integer({ min: 0, max: 3 }),
    keyed: fc.boolean(),
  }),
  { nil: undefined },
);
export const history = fc.record({
  windows: fc.array(windows, { minLength: 1, maxLength: 3 }),
  pattern: fc.constantFrom('stateful' as const, 'dimension' as const),
  hours: fc.constantFrom('contiguous' as const, 'touched' as const),
  catchup: fc.record(
    {
      hoursPerSession: fc.integer({ min: 1, max: 6 }),
      order: fc.constantFrom('oldest' as const, 'newest' as const),
    },
    { requiredKeys: [] },
  ),
  grain: fc.constantFrom<Grain>('hour', 'hour', 'day'),
  events: fc.array(event, { minLength: 2, maxLength: 24 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Of a process of days. */
const HOURS_APART = 5;

const POSITION = { tableUuid: 'u', snapshotId: 1n, sequenceNumber: 1n, committedAtMs: 0 };

interface ModelFile {
  readonly hour: Hour;
  readonly key: number;
  readonly status: 'added' | 'removed';
}
const changedFile = ({ hour: at, key, status }: ModelFile, present: Hour): ChangedFile => ({
  path: `${status}-${at}-${key}`,
  snapshotId: 2n,
  status,
  rows: 1n,
  bytes: 1n,
  partition: {},
  nullEventTimes: 0n,
  ...(at > present ? { futureHours: [at] } : { firstHour: at, lastHour: at }),
});

class ModelSource {
  readonly counts = new Map<Hour, Map<number, number>>();
  files: ModelFile[] = [];
  watermark: Watermark | undefined;

  countOf(at: Hour, key: number): number {
    return this.counts.get(at)?.get(key) ?? 0;
  }
  keysOf(at: Hour): number[] {
    return [...(this.counts.get(at) ?? [])].filter(([, count]) => count > 0).map(([key]) => key);
  }
  change(status: 'added' | 'removed', row: Row, hoursApart: number): void {
    const at = hour(row.hour * hoursApart);
    const count = this.countOf(at, row.key);
    if (status === 'removed' && count === 0) return;
    const keys = this.counts.get(at) ?? new Map<number, number>();
    this.counts.set(at, keys.set(row.key, count + (status === 'added' ? 1 : -1)));
    this.files.push({ hour: at, key: row.key, status });
  }

  /** As opening it finds it: its newest hour, and the later ones where rows went. */
  stateOf(spec: SourceState['spec'], present: Hour): SourceState {
    const live = [...this.counts.keys()].filter((at) => this.keysOf(at).length > 0);
    const past = live.filter((at) => at <= present);
    const newest = past.length === 0 ? undefined : Math.max(...past);
    const went = this.files.some((file) => file.status === 'removed');
    const later = [...live.filter((at) => at > present), ...(newest === undefined ? [] : [newest])];
    return {
      spec,
      awaited: false,
      ...(this.watermark === undefined ? {} : { watermark: this.watermark }),
      head: { ...POSITION, snapshotId: 2n },
      detectedBy: this.watermark === undefined ? 'first-load' : 'snapshots',
      changes: [],
      files: this.files.map((file) => changedFile(file, present)),
      listedBy: 'files',
      manifestLists: [],
      ...(newest === undefined ? {} : { newestHour: newest, vttsHour: newest }),
      ...(went ? { laterHours: later } : {}),
      eventTimeType: 'timestamptz',
      eventTimeUnit: 'us',
    };
  }
}

/** A process: a row of the target comes of a source without a window, or (without keys) of any window. */
class Model {
  readonly spec: ProcessSpec;
  readonly sources: ModelSource[];
  readonly target = new Map<Hour, string>();
  computedTo: Hour | undefined;

  constructor({ windows: spans, pattern, hours, grain, catchup: given }: History) {
    const { hoursPerSession } = given;
    const catchup = {
      ...given,
      ...(hoursPerSession === undefined ? {} : { hoursPerSession: hoursPerSession * unitHours({ grain }) }),
      // A dimension has no other order.
      ...(pattern === 'dimension' ? { order: 'oldest' as const } : {}),
    };
    const spec = specOf({
      pattern,
      spec: { hours, grain, catchup },
      sources: Object.fromEntries(spans.map((_, i) => [`s${i}`, {}])),
    });
    const drives = spans.some((span) => span === undefined || span.beforeHours + span.afterHours === 0);
    const sources = spec.sources.map((source, index) => {
      const span = spans[index];
      if (span === undefined || span.beforeHours + span.afterHours === 0) return source;
      const { keyed } = span;
      const apart = grain === 'day' ? HOURS_APART : 1;
      const around = { beforeHours: span.beforeHours * apart, afterHours: span.afterHours * apart };
      return { ...source, window: { ...around, ...(keyed && drives ? { key: 'k' } : {}) } };
    });
    this.spec = { ...spec, sources };
    this.sources = spans.map(() => new ModelSource());
  }

  /** How far apart the hours of its rows lie. */
  get hoursApart(): number {
    return unitHours(this.spec) === 1 ? 1 : HOURS_APART;
  }

  private seen(
    index: number,
    at: Hour,
    window: SourceWindow | undefined,
    key?: number,
  ): (readonly number[])[] {
    const source = this.sources[index] as ModelSource;
    const found: (readonly number[])[] = [];
    const { firstHour, lastHour } = unitOf(this.spec, at);
    const [from, to] = [firstHour - (window?.beforeHours ?? 0), lastHour + (window?.afterHours ?? 0)];
    for (let each = from; each <= to; each += 1)
      for (const found_ of source.keysOf(each).sort())
        if (key === undefined || key === found_) found.push([each, found_, source.countOf(each, found_)]);
    return found;
  }

  /** What the query returns for an hour, or for its day; nothing where it returns no row. */
  contentOf(at: Hour): string {
    const rows = this.spec.sources.map(({ window }, index) => {
      if (window?.key === undefined) return this.seen(index, at, window);
      const drivers = this.spec.sources.flatMap((each, other) =>
        each.window === undefined
          ? hoursOf(unitOf(this.spec, at)).flatMap((one) => (this.sources[other] as ModelSource).keysOf(one))
          : [],
      );
      return [...new Set(drivers)].sort().flatMap((key) => this.seen(index, at, window, key));
    });
    return JSON.stringify(rows);
  }
  readonly nothing = (): string => JSON.stringify(this.spec.sources.map(() => []));

  sessionAt(now: number): Session {
    const present = hour(now) + 1;
    const session: Session = {
      ...sessionOf({ pattern: this.spec.pattern, sources: {} }),
      spec: this.spec,
      openedAtMs: msAt(now) + 1,
      sources: this.sources.map((each, index) =>
        each.stateOf(this.spec.sources[index] as SourceState['spec'], present),
      ),
      target: {
        exists: true,
        eventTime: { fieldId: 1, type: 'timestamptz', unit: 'us' },
        ...(this.computedTo === undefined ? {} : { completeToHour: this.computedTo }),
      },
    };
    return {
      ...session,
      sources: session.sources.map((source, index) => this.matched(session, source, index)),
    };
  }

  /** As `session/match-keys.ts` does it with tables. */
  private matched(session: Session, source: SourceState, index: number): SourceState {
    const { window } = source.spec;
    if (window?.key === undefined || source.files.length === 0) return source;
    const { candidates, later } = keyHours(session, source);
    const isFirst =
      this.computedTo === undefined && session.sources.every((each) => each.watermark === undefined);
    const changed = (this.sources[index] as ModelSource).files;
    const { earlier, later: further } = keyReach(session, source);
    const hours = candidates.filter(
      (at) =>
        !isFirst &&
        changed.some(
          (file) =>
            file.hour >= at - further &&
            file.hour <= at + earlier &&
            this.spec.sources.some(
              (each, other) =>
                each.window === undefined && (this.sources[other] as ModelSource).countOf(at, file.key) > 0,
            ),
        ),
    );
    const counts = {
      keys: 1,
      files: 1,
      bytes: 1n,
      candidateHours: candidates.length,
      matchedHours: hours.length,
    };
    return { ...source, matched: { hours: [...hours, ...later], ...counts } };
  }

  /** Session after session; each hour is in the end as it is now. */
  runUntilComplete(now: number): void {
    for (let sessions = 0; this.run(now).catchup?.later_hours ?? 0; sessions += 1)
      expect(sessions).toBeLessThan(60);
    expect(this.run(now).catchup?.later_hours ?? 0).toBe(0);
  }

  run(now: number): Plan {
    const session = this.sessionAt(now);
    const plan = planSession(session);
    if (plan.status === 'work') {
      for (const at of plannedHours(plan)) this.target.set(at, this.contentOf(at));
      const to = completeToHour(plan);
      this.computedTo = to === undefined ? this.computedTo : parseHour(to);
      for (const [index, model] of this.sources.entries()) {
        const source = plan.sources[index] as (typeof plan.sources)[number];
        model.files = [];
        model.watermark = {
          ...POSITION,
          table: source.table,
          snapshotId: 2n,
          owedHours: source.owed_hours.map(parseHour),
          ...(source.newest_hour === null ? {} : { newestHour: parseHour(source.newest_hour) }),
        };
      }
    }
    const complete = session.sources.map(({ vttsHour, spec: { window } }) =>
      vttsHour === undefined ? Number.NEGATIVE_INFINITY : vttsHour - (window?.afterHours ?? 0),
    );
    const limit = Math.max(this.computedTo ?? Number.NEGATIVE_INFINITY, Math.min(...complete));
    const until = lastOfWholeUnits(this.spec, limit === Number.NEGATIVE_INFINITY ? hour(-24) : limit);
    const owed = new Set(wholeUnits(this.spec, plan.owed_hours.map(parseHour)));
    const atMost = this.spec.catchup.hoursPerSession;
    if (atMost === undefined) expect([...owed].filter((at) => at <= until)).toEqual([]);
    else expect(plannedHours(plan).length).toBeLessThanOrEqual(atMost);
    for (let at = hour(-24); at <= until; at += 1) {
      if (owed.has(at)) continue;
      const content = this.target.get(at) ?? this.nothing();
      expect({ at, content }, JSON.stringify(plan)).toEqual({ at, content: this.contentOf(at) });
    }
    return plan;
  }
}

/** Runs a history; after each session every hour that is complete has the state of its windows now. */
export function check(each: History): void {
  const model = new Model(each);
  const { hoursApart } = model;
  let now = 6 * hoursApart;
  for (const event of each.events)
    if (event.kind === 'session') {
      now += event.passed * hoursApart;
      model.run(now);
    } else
      for (const row of event.rows)
        model.sources[event.source % model.sources.length]?.change(
          event.kind === 'go' ? 'removed' : 'added',
          row,
          hoursApart,
        );
  model.runUntilComplete(now + 9 * hoursApart);
}
