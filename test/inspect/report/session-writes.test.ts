// Goal: which hours a session wrote is taken from what says it best, and what it was to write them follows
// from the sessions before. Method: rows of the session table as values.
import { describe, expect, it } from 'vitest';
import { heldBackBy } from '../../../src/inspect/report/held-back.ts';
import { type SessionSource, sessionWrites } from '../../../src/inspect/report/session-writes.ts';
import { parseHour } from '../../../src/model/hour.ts';
import type { ProcessSpec } from '../../../src/model/process-spec.ts';
import { historyRow, reportHour } from '../../support/report-document.ts';

const specOf = (over: object): ProcessSpec =>
  ({
    pattern: 'stateful',
    hours: 'touched',
    sources: [{ table: { namespace: ['raw'], name: 'events' } }],
    ...over,
  }) as unknown as ProcessSpec;

const row = (id: string, over: Partial<SessionSource> = {}): SessionSource => ({
  process_name: 'load',
  psyberg_session_id: id,
  src_table: 'raw.events',
  partitions: 2n,
  processing_uris: JSON.stringify([{ ts_hour: reportHour(1) }, { ts_hour: reportHour(4) }]),
  first_hour: reportHour(1),
  last_hour: reportHour(4),
  source_snapshot_id: 1n,
  target_snapshot_id: 2n,
  hours_written: null,
  new_files: null,
  ...over,
});

const writes = (spec: ProcessSpec, rows: readonly SessionSource[], over: object = {}) =>
  sessionWrites({
    spec,
    rows,
    history: new Map(),
    reopened: new Map(),
    liveHours: new Map(),
    hourFields: new Map([['raw.events', 'ts_hour']]),
    ...over,
  });

const range = (first: number, last: number, change: string) => ({
  first_hour: reportHour(first),
  last_hour: reportHour(last),
  change,
});

describe('the hours of a session', () => {
  it('are those of its record; hours written again are rewritten, added to, or restated', () => {
    const recorded = (id: string) =>
      row(id, { hours_written: JSON.stringify([[reportHour(1), reportHour(2)]]) });
    const rows = [recorded('20230914060000'), recorded('20230914070000')];
    expect(writes(specOf({}), rows).map(({ hours }) => hours)).toEqual([
      [range(1, 2, 'written')],
      [range(1, 2, 'rewritten')],
    ]);
    expect(writes(specOf({ pattern: 'stateless' }), rows)[1]?.hours).toEqual([range(1, 2, 'added')]);
    const asked = historyRow({ psyberg_session_id: '20230914070000', trigger: 'restate', reason: 'a bug' });
    const [, again] = writes(specOf({}), rows, { history: new Map([['20230914070000', asked]]) });
    expect(again).toMatchObject({ trigger: 'restate', reason: 'a bug', hours: [range(1, 2, 'restated')] });
  });
  it('of an earlier release follow from a whole range, from partitions, or from files that live', () => {
    const [whole] = writes(specOf({ hours: 'contiguous' }), [row('20230914060000')]);
    expect(whole).toMatchObject({ known_from: 'record', hours: [range(1, 4, 'written')] });
    const [touched] = writes(specOf({}), [row('20230914060000')]);
    expect(touched).toMatchObject({
      known_from: 'partitions',
      hours: [range(1, 1, 'written'), range(4, 4, 'written')],
    });
    const liveHours = new Map([[2n, new Set([parseHour(reportHour(3))])]]);
    const [files] = writes(specOf({ pattern: 'stateless' }), [row('20230914060000')], { liveHours });
    expect(files).toMatchObject({ known_from: 'files', hours: [range(3, 3, 'written')] });
  });
  it('that nobody knows are a range, and make no later hour a rewritten one', () => {
    for (const spec of [
      specOf({ pattern: 'stateless' }),
      specOf({
        sources: [
          { table: { namespace: ['raw'], name: 'events' }, window: { beforeHours: 1, afterHours: 0 } },
        ],
      }),
    ]) {
      const [first, second] = writes(spec, [row('20230914060000'), row('20230914070000')]);
      expect(first).toMatchObject({ known_from: 'range', hours: [range(1, 4, 'within')] });
      expect(second?.hours).toEqual([range(1, 4, 'within')]);
    }
    const tooLong = row('20230914060000', { processing_uris: null });
    expect(writes(specOf({}), [tooLong])[0]?.known_from).toBe('range');
  });
  it('have what each source brought as their cause, whatever stands in the record', () => {
    const [found] = writes(specOf({}), [row('20230914060000', { processing_uris: '{"a":' })]);
    expect(found?.causes).toEqual([
      { source: 'raw.events', partitions: 2, first_partitions: [], files: null },
    ]);
  });
});

describe('who holds a process back', () => {
  const spec = specOf({
    sources: ['made', 'raw_one'].map((name) => ({ table: { namespace: ['s'], name } })),
  });
  const known = {
    completeTo: new Map([['s.made', reportHour(5)]]),
    newestHours: new Map([['s.raw_one', parseHour(reportHour(3))]]),
  };
  it('is the source that is complete to the earliest hour', () => {
    expect(heldBackBy(spec, [reportHour(4)], known)).toEqual({
      source: 's.raw_one',
      complete_to_hour: reportHour(3),
    });
    expect(heldBackBy(spec, [], known)).toBeNull();
    const nothingMade = { ...known, completeTo: new Map([['s.made', null]]) };
    expect(heldBackBy(spec, [reportHour(4)], nothingMade)).toEqual({
      source: 's.made',
      complete_to_hour: null,
    });
  });
});
