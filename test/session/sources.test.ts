// Goal: where a source begins, and by which column its hours are counted.
// Method: metadata as data; no catalog and no DuckDB.
import { describe, expect, it } from 'vitest';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { applyUpdates } from '../../src/iceberg/updates.ts';
import type { SourceSpec } from '../../src/model/process-spec.ts';
import type { StartSpec } from '../../src/model/start.ts';
import { eventTimeOf, refuseOtherEventTime } from '../../src/session/event-time.ts';
import { startSnapshot } from '../../src/session/start.ts';
import { NOW_MS, newTable, setMain, snapshot, withSnapshots } from '../iceberg/table.ts';
import { specOf } from '../support/session-data.ts';

const headOf = (metadata: TableMetadata, id: bigint): Snapshot =>
  metadata.snapshots?.find((each) => each['snapshot-id'] === id) as Snapshot;
const expired = (metadata: TableMetadata, ...ids: bigint[]): TableMetadata =>
  applyUpdates(metadata, [{ action: 'remove-snapshots', 'snapshot-ids': ids }], NOW_MS + 100);

describe('a source begins', () => {
  // Snapshots 1, 2 and 3, one ms apart; 2 was rolled back before 3 came.
  const linear = withSnapshots([1n, 2n, 3n]);
  const branched = applyUpdates(
    applyUpdates(withSnapshots([1n, 2n]), [setMain(1n)], NOW_MS + 10),
    [{ action: 'add-snapshot', snapshot: snapshot(3n, { 'parent-snapshot-id': 1n }) }, setMain(3n)],
    NOW_MS + 11,
  );
  const begin = (metadata: TableMetadata, start: StartSpec): bigint | undefined =>
    startSnapshot(metadata, headOf(metadata, 3n), { start, table: 'raw.t' })?.['snapshot-id'];

  it.each<[string, StartSpec, bigint | undefined]>([
    ['with all its rows', { kind: 'beginning' }, undefined],
    ['after its head', { kind: 'now' }, 3n],
    ['after a snapshot', { kind: 'snapshot', snapshotId: 2n }, 2n],
    ['after what was its head at that time', { kind: 'timestamp', atMs: NOW_MS + 2 }, 2n],
    ['with all its rows, where it had none then', { kind: 'timestamp', atMs: NOW_MS }, undefined],
    ['after its head, of a time to come', { kind: 'timestamp', atMs: NOW_MS + 99 }, 3n],
  ])('%s', (_name, start, expected) => {
    expect(begin(withParents(linear), start)).toBe(expected);
  });

  it('after nothing that was rolled back, by its id or by its time', () => {
    expect(() => begin(branched, { kind: 'snapshot', snapshotId: 2n })).toThrow(
      expect.objectContaining({
        code: 'start-unknown',
        message: expect.stringContaining('which is not on main'),
      }),
    );
    expect(begin(branched, { kind: 'timestamp', atMs: NOW_MS + 2 })).toBe(1n);
  });

  it('nowhere that was expired, and says from when on it may', () => {
    const short = expired(withParents(linear), 1n, 2n);
    expect(() => begin(short, { kind: 'timestamp', atMs: NOW_MS + 2 })).toThrow(
      expect.objectContaining({
        code: 'start-unknown',
        hint: expect.stringContaining('or later, or beginning'),
      }),
    );
    expect(() => begin(short, { kind: 'snapshot', snapshotId: 1n })).toThrow(
      expect.objectContaining({ hint: "choose one of main's snapshots (the oldest is 3), or now" }),
    );
  });
});

/** Each snapshot the child of the one before, as a catalog has them. */
function withParents(metadata: TableMetadata): TableMetadata {
  const snapshots = (metadata.snapshots ?? []).map((each, index, all) => {
    const parent = all[index - 1]?.['snapshot-id'];
    return parent === undefined ? each : { ...each, 'parent-snapshot-id': parent };
  });
  return { ...metadata, snapshots };
}

const source = (more: Partial<SourceSpec>): SourceSpec => ({
  ...(specOf({ pattern: 'stateful', sources: { s: {} } }).sources[0] as SourceSpec),
  ...more,
});

describe('the event time', () => {
  const metadata = newTable();

  it('is a column whatever its case, with the unit in which it is stored', () => {
    expect(eventTimeOf(source({ eventTime: 'TS' }), metadata)).toMatchObject({
      column: { id: 2, name: 'ts' },
      unit: 'us',
    });
    expect(eventTimeOf(source({ eventTime: 'id', eventTimeUnit: 'epoch_ms' }), metadata)).toMatchObject({
      column: { name: 'id' },
      unit: 'ms',
    });
  });
  it.each<[string, Partial<SourceSpec>, string, string]>([
    ['is missing', { eventTime: 'tz' }, 'event-time-missing', 'id, ts, address'],
    ['is an integer without a unit', { eventTime: 'id' }, 'event-time-type', 'event_time_unit'],
    ['is no time at all', { eventTime: 'address' }, 'event-time-type', 'name a column that says a time (ts)'],
  ])('that %s is refused', (_name, spec, code, hint) => {
    expect(() => eventTimeOf(source(spec), metadata)).toThrow(
      expect.objectContaining({ code, hint: expect.stringContaining(hint) }),
    );
  });
  it('that is another column of the same name is not the one by which hours were loaded', () => {
    const spec = specOf({ pattern: 'stateful', sources: { s: {} } });
    const eventTime = eventTimeOf(source({}), metadata);
    const refuse = (...ids: (number | undefined)[]) =>
      refuseOtherEventTime(
        spec,
        { source: source({}), metadata, eventTime },
        ids.map((eventTimeId) => ({ eventTimeId })) as never,
      );
    refuse();
    refuse(2);
    refuse(99, undefined);
    expect(() => refuse(99)).toThrow(expect.objectContaining({ code: 'event-time-replaced' }));
    expect(() => refuse(1)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('name id as event_time') }),
    );
  });
});
