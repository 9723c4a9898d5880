// Goal: a tag keeps the watermark's snapshot, and never stands in a session's way. Method: expiries as other
// engines do them, lost tags, a source that refuses commits.
import { describe, expect, it } from 'vitest';
import { PsybergError } from '../../src/model/errors.ts';
import { cliJson } from '../cli/fixture.ts';
import {
  appended,
  events,
  eventWorld,
  inSource,
  overwritten,
  runOne,
  snapshotIds,
} from '../support/event-tables.ts';
import type { World } from '../support/world.ts';

const tags = async (world: World): Promise<Record<string, bigint>> => {
  const { refs = {} } = await world.metadata('raw.events');
  return Object.fromEntries(
    Object.entries(refs).flatMap(([name, ref]) => (ref.type === 'tag' ? [[name, ref['snapshot-id']]] : [])),
  );
};

/**
 * Removes every snapshot that no reference names and that is not the head, as an expiry with the shortest
 * retention does.
 */
async function expireAll(world: World): Promise<void> {
  const { refs = {}, snapshots = [] } = await world.metadata('raw.events');
  const held = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
  await world.expire(
    'raw.events',
    snapshots.map((snapshot) => snapshot['snapshot-id']).filter((id) => !held.has(id)),
  );
}

describe('the tag on a source', () => {
  it('follows the watermark of each process, and survives an expiry: removals are seen after it', async () => {
    const world = await eventWorld();
    const head = (await snapshotIds(world)).at(-1);
    expect(await tags(world)).toEqual({ psyberg_append_load: head, psyberg_overwrite_load: head });
    await world.land('raw.events', events(20, 5, 2));
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(0, 1) });
    await world.land('raw.events', events(30, 5, 3));
    await expireAll(world);
    expect((await world.plan('overwrite_load')).sources[0]).toMatchObject({
      detected_by: 'live-files',
      protected_snapshot_id: String(head),
    });
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect((await tags(world))['psyberg_overwrite_load']).toBe((await snapshotIds(world)).at(-1));
    expect((await tags(world))['psyberg_append_load']).toBe(head);
  });

  it('that is missing or behind (a crash after publishing) is put right by the next session, with or without work; a tag alone is no news', async () => {
    const world = await eventWorld();
    const [first, second] = await snapshotIds(world);
    await world.commit('raw.events', [
      { action: 'remove-snapshot-ref', 'ref-name': 'psyberg_append_load' },
      {
        action: 'set-snapshot-ref',
        'ref-name': 'psyberg_overwrite_load',
        type: 'tag',
        'snapshot-id': first as bigint,
      },
    ]);
    expect((await world.plan('append_load')).status).toBe('nothing-new');
    expect(await tags(world)).toEqual({ psyberg_overwrite_load: first });
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    expect(await tags(world)).toEqual({ psyberg_append_load: second, psyberg_overwrite_load: second });
  });

  it('that the source refuses holds no session up', async () => {
    const world = await eventWorld();
    const before = await tags(world);
    const { client } = world.psyberg.internals;
    const { commitTable } = client;
    let refused = 0;
    client.commitTable = (id, commit) => {
      if (id.name !== 'events') return commitTable(id, commit);
      refused += 1;
      return Promise.reject(new PsybergError('forbidden', 'read only', { retryable: refused % 2 === 0 }));
    };
    await world
      .sql("insert into raw.events select 20, timestamptz '2023-09-14 01:00:00Z'")
      .catch(() => undefined);
    expect((await world.run()).map((record) => record.status)).toEqual(['published', 'published']);
    expect(refused).toBeGreaterThan(1);
    expect(await tags(world)).toEqual(before);
    expect(await appended(world)).toEqual(await inSource(world));
  });

  it('is left out with protect: false', async () => {
    const world = await eventWorld({ source: { protect: false } });
    expect(await tags(world)).toEqual({});
    expect((await runOne(world, 'append_load')).status).toBe('nothing-new');
    expect((await world.plan('overwrite_load')).steps).toEqual([]);
    await world.land('raw.events', events(20, 5, 2));
    expect((await world.plan('overwrite_load')).steps.map((step) => step.name)).not.toContain(
      'protect_watermarks',
    );
  });

  it.each([
    ['could not be set', {}, 'give psyberg leave to commit to raw.events'],
    ['is left out', { protect: false }, 'leave protect: false out'],
  ])(
    'that %s is a warning of psyberg doctor, for each process; one that is there is none',
    async (_why, source, remedy) => {
      const world = await eventWorld({ source });
      const warnings = async (): Promise<string[]> => {
        const { code, json } = await cliJson('doctor', '--project', world.root);
        expect(code).toBe(0);
        const { checks } = json as {
          readonly checks: readonly {
            readonly name: string;
            readonly status: string;
            readonly message: string;
            readonly hint: string | null;
          }[];
        };
        return checks.flatMap((check) =>
          check.status === 'warn' ? [`${check.name}: ${check.message}; ${check.hint}`] : [],
        );
      };
      if (remedy.startsWith('give')) {
        expect(await warnings()).toEqual([]);
        // As a source leaves it that psyberg may not write to.
        await world.commit(
          'raw.events',
          Object.keys(await tags(world)).map((name) => ({ action: 'remove-snapshot-ref', 'ref-name': name })),
        );
      }
      const found = await warnings();
      expect(found).toHaveLength(2);
      for (const [index, process] of ['append_load', 'overwrite_load'].entries()) {
        expect(found[index]).toContain(`no tag psyberg_${process} keeps the snapshot of the watermark`);
        expect(found[index]).toContain(remedy);
      }
    },
  );
});
