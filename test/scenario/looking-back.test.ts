// Goal: status and history say what is so: a rewrite leaves nobody behind, what failed is told, and whoever
// comes second waits. Method: sources that maintenance and others rewrite, processes that cannot run, and
// markers of sessions that live and that do not.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open } from '../../src/index.ts';
import { appendLoad, events, eventWorld, inSource, runOne } from '../support/event-tables.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const behind = async (world: World): Promise<(number | null)[]> =>
  (await world.psyberg.status([])).map((each) => each.sources[0]?.snapshots_behind ?? null);

describe('status', () => {
  it('calls nobody behind for maintenance, for an append of nothing, or for a rewrite that was compared', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 0));
    expect(await behind(world)).toEqual([1, 1]);
    await world.run();
    await world.psyberg.maintain(['raw.events'], { only: ['compact'] });
    expect((await world.history('raw.events')).at(-1)?.summary?.['operation']).toBe('replace');
    expect(await behind(world)).toEqual([0, 0]);
    // A writer that does not know `replace`: metadata do not tell, its rows have to be compared once.
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files,
      insert: 'select * from raw.events',
    });
    expect(await behind(world)).toEqual([1, 1]);
    expect((await world.run()).map(({ status }) => status)).toEqual(['nothing-new', 'nothing-new']);
    expect(await behind(world)).toEqual([0, 0]);
    await world.land('raw.events', events(30, 5, 3));
    expect(await behind(world)).toEqual([1, 1]);
  });
});

describe('history', () => {
  it('tells of sessions that failed or were refused, with their codes; a skipped one is none', async () => {
    const broken = processFile({ ...appendLoad().header }, "select id, ts, (id || 'x')::int as n from e");
    const below = processFile(
      {
        process_name: 'below_load',
        pattern: 'stateless',
        sources: [{ table: 'facts.appended', alias: 'a' }],
        target: { table: 'facts.below' },
      },
      'select id from a',
    );
    const world = await worldForTest({ processes: [broken, below] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    const recorded = async () =>
      (
        await world.sql(
          'select process_name, status, error, src_table, target_snapshot_id from psyberg.psyberg_session_f order by created_at',
        )
      ).map((row) => [
        row['process_name'],
        row['status'],
        row['error'] === null ? null : (JSON.parse(row['error'] as string) as { code: string }).code,
      ]);
    expect((await world.run()).map(({ error }) => error?.code)).toEqual([
      'process-sql-failed',
      'upstream-failed',
    ]);
    expect(await recorded()).toEqual([['append_load', 'failed', 'process-sql-failed']]);
    expect((await world.psyberg.status([])).map((each) => each.last_session?.status)).toEqual([
      'failed',
      undefined,
    ]);
    world.writeProcess(appendLoad());
    await world.create('facts.appended', 'id bigint, ts timestamptz');
    await world.land('facts.appended', events(0, 1, 0));
    await world.reopen();
    expect((await runOne(world, 'append_load')).status).toBe('refused');
    await world.sql('delete from facts.appended');
    expect((await runOne(world, 'append_load')).status).toBe('published');
    expect((await recorded()).map(([, status, code]) => [status, code])).toEqual([
      ['failed', 'process-sql-failed'],
      ['refused', 'target-not-empty'],
      ['published', null],
    ]);
    expect(await world.rows('select id, ts from facts.appended')).toEqual(await inSource(world));
    // Where it cannot be written down, what failed is told all the same.
    world.writeProcess(broken);
    await world.land('raw.events', events(10, 5, 0));
    await world.reopen();
    const { client } = world.psyberg.internals;
    const commit = client.commitTable.bind(client);
    client.commitTable = (id, change) =>
      id.name === 'psyberg_session_f' ? Promise.reject(new Error('not you')) : commit(id, change);
    expect((await runOne(world, 'append_load')).error?.code).toBe('target-schema-mismatch');
    expect(await recorded()).toHaveLength(3);
  });
});

describe('the second of two runs of one process', () => {
  it('waits for the first, loads nothing for nothing, and says so', async () => {
    const world = await worldForTest({ processes: [appendLoad()] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 5, 0));
    const { client } = world.psyberg.internals;
    const commit = client.commitTransaction.bind(client);
    let publish: () => void = () => undefined;
    const mayPublish = new Promise<void>((resolve) => {
      publish = resolve;
    });
    let reached: () => void = () => undefined;
    const isPublishing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    client.commitTransaction = async (changes) => {
      reached();
      await mayPublish;
      return commit(changes);
    };
    const first = world.run();
    await isPublishing;
    const steps: string[] = [];
    const other = await open({
      project: world.root,
      onStep(message) {
        steps.push(message);
        // Long enough to be seen in the record.
        if (message.includes('waits for session')) setTimeout(publish, 300);
      },
    });
    const [second] = await other.run();
    await other.close();
    expect((await first)[0]?.status).toBe('published');
    expect(second).toMatchObject({ status: 'nothing-new', waited_seconds: expect.any(Number), error: null });
    expect(steps.filter((step) => step.includes('waits for session'))).toEqual([
      expect.stringMatching(
        new RegExp(`waits for session \\d{14} of append_load \\(process ${process.pid}, begun \\d+ s ago\\)`),
      ),
    ]);
    expect(steps.filter((step) => step.includes(': load '))).toEqual([]);
    expect(await world.rows('select id, ts from facts.appended')).toEqual(await inSource(world));
  });

  it('is held up by no marker of a dead process, of another machine, or of single steps', async () => {
    const world = await worldForTest({ processes: [appendLoad()] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    const marker = { pid: process.ppid, host: hostname(), stepwise: false };
    const others = [
      { ...marker, pid: 4_194_303 },
      // Another process has its pid by now.
      { ...marker, process_start: 'an-earlier-boot 1' },
      { ...marker, host: 'elsewhere' },
      { ...marker, stepwise: true },
      // Of a container that has this machine's name: nobody here can tell whether it lives.
      { ...marker, pid: 4_194_303, pids: 'pid:[1]' },
    ];
    for (const [index, each] of others.entries()) {
      const folder = join(
        world.psyberg.internals.sessionsDirectory,
        `psyberg_append_load_2023091406000${index}`,
      );
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, 'session.json'),
        JSON.stringify({ ...each, started_at: new Date().toISOString() }),
      );
    }
    await world.land('raw.events', events(0, 5, 0));
    expect((await world.publish('append_load')).waited_seconds).toBeUndefined();
    // What may live has kept its files.
    expect(readdirSync(world.psyberg.internals.sessionsDirectory).map((name) => name.at(-1))).toEqual([
      '2',
      '3',
      '4',
    ]);
  });
});
