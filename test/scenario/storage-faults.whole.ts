// Goal: a warehouse that cannot be written stops a run with one clear error, keeps the old state, and leaves
// nothing once it can be written again. Method: a file system of its own (tmpfs) that is full to the last few
// pages, or mounted read-only; a database that another connection locks; a catalog that goes away in the
// middle.
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PsybergError } from '../../src/index.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { ownFileSystem } from '../support/own-file-system.ts';
import { expectTwins } from '../support/twins.ts';
import { createWorld, hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const processOf = (name: string, pattern: 'stateless' | 'stateful') =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count', { unique: { columns: ['id'] } }],
    },
    'select id, ts from e',
  );
const VICTIMS = ['appended', 'overwritten'];
const PROCESSES = ['', '_twin'].flatMap((twin) => [
  processOf(`appended${twin}`, 'stateless'),
  processOf(`overwritten${twin}`, 'stateful'),
]);
const events = (first: number): string =>
  `select i as id, timestamptz '${hourAt(first % 3)}' as ts from range(${first}, ${first + 50}) t(i)`;

async function worldOn(warehouse: string): Promise<World> {
  const world = await createWorld({ warehouse, processes: PROCESSES });
  onTestFinished(() => world.close());
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', events(0));
  for (const { header } of PROCESSES) await world.publish(header.process_name);
  return world;
}

/** One run later each target is as undisturbed runs have left its twin, and holds its source once. */
async function expectWhole(world: World, what = ''): Promise<void> {
  for (const victim of VICTIMS) {
    // The other one's session may have left files, which its own next session takes away.
    for (const { error } of await world.run(VICTIMS)) expect(error, what).toBeNull();
    await expectTwins(world, { victim, twin: `${victim}_twin`, what });
    expect(await world.rows(`select id, ts from facts.${victim}`), what).toEqual(
      await world.rows('from raw.events'),
    );
  }
}

describe('a warehouse', () => {
  it('that is full, at whichever write, says so and goes on where it stood', { timeout: 120_000 }, async ({
    skip,
  }) => {
    const warehouse = ownFileSystem();
    if (warehouse === undefined) return skip('this user may not mount a file system');
    const world = await worldOn(warehouse);
    const codes: (string | undefined)[] = [];
    for (const [round, left] of [0, 16, 32, 64, 96].entries()) {
      await world.land('raw.events', events(100 * (round + 1)));
      const before = await Promise.all(
        ['facts.appended', 'facts.overwritten'].map((target) => world.rows(`from ${target}`)),
      );
      const { bavail, bsize } = statfsSync(warehouse);
      writeFileSync(join(warehouse, 'ballast'), Buffer.alloc(bavail * bsize - left * 1024));
      const records = await world.run(VICTIMS);
      for (const [index, record] of records.entries()) {
        codes.push(record.error?.code);
        if (record.error === null) continue;
        expect(record, `${left} kB left`).toMatchObject({
          status: 'failed',
          published_snapshot_id: null,
          error: { code: 'warehouse-full', retryable: false, kind: 'unavailable' },
        });
        expect(record.error.message).toContain(warehouse);
        expect(await world.rows(`from ${record.target}`), `${left} kB left`).toEqual(before[index]);
      }
      rmSync(join(warehouse, 'ballast'));
      await expectWhole(world, `${left} kB were left`);
    }
    expect(codes.filter((code) => code === 'warehouse-full').length).toBeGreaterThan(4);
  });

  it('that is read-only is refused when it is opened, and nothing is lost', async ({ skip }) => {
    const warehouse = ownFileSystem();
    if (warehouse === undefined) return skip('this user may not mount a file system');
    const world = await worldOn(warehouse);
    await world.land('raw.events', events(100));
    await world.psyberg.close();
    execFileSync('mount', ['-o', 'remount,ro', warehouse]);
    const error = await world.reopen().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PsybergError);
    expect(error).toMatchObject({ code: 'warehouse-not-writable', kind: 'usage' });
    expect((error as Error).message).toContain(warehouse);
    execFileSync('mount', ['-o', 'remount,rw', warehouse]);
    await world.reopen();
    await expectWhole(world);
  });

  it.for(['branch open_session', 'load insert', 'compose', 'audit count_sources', 'publish'])(
    'whose tables turn read-only at the step %s says so, and goes on where it stood',
    { timeout: 60_000 },
    async (step, { skip }) => {
      const warehouse = ownFileSystem();
      if (warehouse === undefined) return skip('this user may not mount a file system');
      const world = await worldOn(warehouse);
      await world.land('raw.events', events(100));
      // A mount of their own: a whole file system with an open database in it cannot be made read-only by
      // asking.
      const tables = join(warehouse, 'facts');
      execFileSync('mount', ['--bind', tables, tables]);
      onTestFinished(() => void execFileSync('umount', ['--lazy', tables]));
      const before = await world.rows('from facts.overwritten');
      let readOnly = false;
      await world.reopen({
        onStep(message) {
          if (readOnly || !message.includes(step)) return;
          readOnly = true;
          execFileSync('mount', ['-o', 'remount,bind,ro', tables]);
        },
      });
      const [record] = await world.run(['overwritten']);
      expect(readOnly).toBe(true);
      expect(record).toMatchObject({
        status: 'failed',
        published_snapshot_id: null,
        error: { code: 'warehouse-not-writable', retryable: false, kind: 'usage' },
      });
      expect(record?.error?.message).toContain(warehouse);
      expect(await world.rows('from facts.overwritten')).toEqual(before);
      execFileSync('mount', ['-o', 'remount,bind,rw', tables]);
      await expectWhole(world, step);
    },
  );

  it('whose database another program locks for longer than the wait says so', {
    // A publish tries for a minute.
    timeout: 240_000,
  }, async () => {
    const world = await worldForTest({ processes: PROCESSES });
    await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', events(0));
    for (const { header } of PROCESSES) await world.publish(header.process_name);
    await world.land('raw.events', events(100));
    const database = new DatabaseSync(join(world.warehouse, 'catalog.db'));
    database.exec('begin immediate');
    const [record] = await world.run(['appended']);
    database.exec('rollback');
    database.close();
    expect(record).toMatchObject({
      status: 'failed',
      error: { code: 'catalog-database-unavailable', retryable: true },
    });
    await expectWhole(world);
  });
});

describe('a catalog that goes away', () => {
  const unreachable = { status: 'failed', error: { code: 'catalog-unreachable', kind: 'unavailable' } };
  // From these steps on all that is asked of the catalog is known: what fails first is the commit. Its
  // connection is cut without an answer, so whether it was made is not known before the catalog is back.
  const unknown = { status: 'conflict', error: { code: 'commit-unknown', kind: 'conflict' } };
  it.for([
    ['load insert', unreachable],
    ['compose', unknown],
    ['audit count_sources', unknown],
    ['audit unique', unknown],
  ] as const)(
    'at the step %s says so, and leaves nothing when it is back',
    { timeout: 120_000 },
    async ([step, { status, error }]) => {
      const foreign = await startForeignServer({});
      onTestFinished(() => foreign.close());
      const world = await worldForTest({
        catalog: { uri: foreign.uri, warehouse: 'w', token: 'a-token' },
        processes: PROCESSES,
      });
      await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
      await world.land('raw.events', events(0));
      for (const { header } of PROCESSES) await world.publish(header.process_name);
      await world.land('raw.events', events(100));
      const before = await world.rows('from facts.overwritten');
      let gone = false;
      await world.reopen({
        onStep(message) {
          if (gone || !message.includes(step)) return;
          gone = true;
          foreign.manners.interfere = () => ({ status: 0, cut: true });
        },
      });
      const [record] = await world.run(['overwritten']);
      expect(gone).toBe(true);
      expect(record).toMatchObject({
        status,
        published_snapshot_id: null,
        error: { ...error, retryable: true },
      });
      delete foreign.manners.interfere;
      expect(await world.rows('from facts.overwritten')).toEqual(before);
      // In the same process: the session ended, though its process lives.
      for (const { error } of await world.run()) expect(error).toBeNull();
      expect(await world.rows('select id, ts from facts.overwritten')).toEqual(
        await world.rows('from raw.events'),
      );
      expect(await world.leftovers()).toEqual([]);
    },
  );
});
