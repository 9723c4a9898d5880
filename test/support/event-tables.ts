/**
 * A table of events with a stateless and a stateful process on it: what the tests of a source's history begin
 * with.
 */
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { RunRecord } from '../../src/index.ts';
import { composeFilesInto } from './file-change.ts';
import { hourAt, processFile, tableId, type World, worldForTest } from './world.ts';

/** `count` events of one hour, spread over its seconds. */
export const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;

export const appendLoad = (source: object = {}) =>
  processFile(
    {
      process_name: 'append_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.appended' },
      audits: ['source_to_target_count'],
    },
    'select id, ts from e',
  );
export const overwriteLoad = (source: object = {}) =>
  processFile(
    {
      process_name: 'overwrite_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.overwritten', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    'select id, ts from e',
  );

export interface EventWorldOptions {
  /** Keys of the source of both processes. */
  readonly source?: object;
  /** Keys that only the stateless process has. */
  readonly appendSource?: object;
  readonly partitionedBy?: string;
  readonly formatVersion?: string;
}

/** Five events in hour 0 and five in hour 1, loaded by both processes. */
export async function eventWorld({
  source = {},
  appendSource = {},
  partitionedBy = 'hour(ts)',
  formatVersion = '2',
}: EventWorldOptions = {}): Promise<World> {
  const world = await worldForTest({
    processes: [appendLoad({ ...source, ...appendSource }), overwriteLoad(source)],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy, formatVersion });
  await world.land('raw.events', events(0, 5, 0));
  await world.land('raw.events', events(10, 5, 1));
  for (const name of ['append_load', 'overwrite_load']) await world.publish(name);
  return world;
}

export const inSource = (world: World) => world.rows('select id, ts from raw.events');
export const appended = (world: World) => world.rows('select id, ts from facts.appended');
export const overwritten = (world: World) => world.rows('select id, ts from facts.overwritten');
export const runOne = async (world: World, name: string): Promise<RunRecord> =>
  (await world.run([name]))[0] as RunRecord;

/** The snapshots of `main`, oldest first, by id. */
export const snapshotIds = async (world: World, table = 'raw.events'): Promise<bigint[]> =>
  (await world.history(table)).map((snapshot) => snapshot['snapshot-id']);

/** All but the last `keep` snapshots of `main` go, except those that `spare` names. */
export async function expireAllBut(world: World, keep: number, spare: readonly bigint[] = []): Promise<void> {
  const ids = await snapshotIds(world);
  await world.expire(
    'raw.events',
    ids.slice(0, ids.length - keep).filter((id) => !spare.includes(id)),
  );
}

/**
 * Commits the files that a snapshot added once more, on `main` as it is now: what a cherry-pick of an append
 * does.
 */
export async function cherryPick(world: World, snapshotId: bigint, table = 'raw.events'): Promise<void> {
  const metadata = await world.metadata(table);
  const { client } = world.psyberg.internals;
  await composeFilesInto({
    engine: await world.psyberg.internals.engine(),
    client,
    table: tableId(table),
    change: { operation: 'append', summary: { 'source-snapshot-id': String(snapshotId) } },
    added: {
      ...metadata,
      refs: { main: { type: 'branch', 'snapshot-id': snapshotId } },
      'current-snapshot-id': snapshotId,
    },
  });
}

/** Makes the head anew with other facts, as another writer might have committed it. */
export async function remakeHead(
  world: World,
  change: { readonly parent?: bigint | null; readonly timestampMs?: number },
): Promise<void> {
  const metadata = await world.metadata('raw.events');
  const head = mainSnapshot(metadata);
  const before = head?.['parent-snapshot-id'];
  if (head === undefined || before === undefined) throw new Error('the head has no parent to go back to');
  const { 'parent-snapshot-id': _parent, ...rest } = head;
  const parent = change.parent === undefined ? before : change.parent;
  await world.rollback('raw.events', before);
  await world.expire('raw.events', [head['snapshot-id']]);
  await world.commit('raw.events', [
    {
      action: 'add-snapshot',
      snapshot: {
        ...rest,
        ...(parent === null ? {} : { 'parent-snapshot-id': parent }),
        'sequence-number': (await world.metadata('raw.events'))['last-sequence-number'] + 1n,
        'timestamp-ms': change.timestampMs ?? head['timestamp-ms'],
      },
    },
    { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': head['snapshot-id'] },
  ]);
}
