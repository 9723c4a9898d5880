// Goal: a commit whose answer is lost is made once, whenever it is made, and takes no file with it that some
// table needs. Method: the catalog's answers are lost on the way, with commits that land before, while and
// after the session looks for them, alone and below commits of others.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import type { CommitTableRequest } from '../../src/catalog/service/catalog.ts';
import { PsybergError } from '../../src/index.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import {
  createWorld,
  hourAt,
  type ProcessFile,
  processFile,
  type World,
  worldForTest,
} from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' as ts from range(${first}, ${first + count}) t(i)`;
const processOf = (name: string, pattern: string): ProcessFile =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts' },
    },
    'select id, ts from e',
  );
const lost = (): Error =>
  new PsybergError('commit-state-unknown', 'the connection was reset', { retryable: true });

interface Faults {
  /** In place of a commit; `made` makes it. */
  readonly commit: (
    made: () => Promise<void>,
    count: number,
    changes: readonly CommitTableRequest[],
    commitTable: CatalogClient['commitTable'],
  ) => Promise<void>;
  /** Before the session looks at a table, after its first commit. */
  readonly look?: (count: number) => Promise<void>;
}

/** A session whose commits and looks at the catalog go as told. */
async function faulty(pattern: string, faults: Faults) {
  const world = await worldForTest({ processes: [processOf('victim', pattern)] });
  await world.create('raw.events', EVENTS);
  await world.land('raw.events', events(0, 10, 0));
  await world.publish('victim');
  await world.land('raw.events', events(100, 10, 0));
  const { client } = world.psyberg.internals;
  const original = { commit: client.commitTransaction.bind(client), load: client.loadTable.bind(client) };
  let commits = 0;
  let looks = 0;
  client.commitTransaction = async (changes) => {
    commits += 1;
    await faults.commit(() => original.commit(changes), commits, changes, client.commitTable);
  };
  client.loadTable = async (id) => {
    if (commits > 0) {
      looks += 1;
      await faults.look?.(looks);
    }
    return original.load(id);
  };
  const [record] = await world.run();
  Object.assign(client, { commitTransaction: original.commit, loadTable: original.load });
  return { world, record };
}
async function expectOnce(world: World): Promise<void> {
  expect(await world.rows('select id, ts from facts.victim')).toEqual(await world.rows('from raw.events'));
  expect((await world.run())[0]?.status).toBe('nothing-new');
  expect(
    await world.rows("select count(*) from psyberg.psyberg_session_f where status = 'published'"),
  ).toEqual(['["2"]']);
  expect(await world.rows('select count(*) from psyberg.high_water_mark_table')).toEqual(['["1"]']);
}

describe('a lost answer', () => {
  it('to a commit that was made is not published twice', async () => {
    const { world, record } = await faulty('stateful', {
      async commit(made, count) {
        await made();
        if (count === 1) throw lost();
      },
    });
    expect(record?.status).toBe('published');
    await expectOnce(world);
    expect(await world.leftovers()).toEqual([]);
  });
  it('to a commit that was not made is published once', async () => {
    const { world, record } = await faulty('stateful', {
      async commit(made, count) {
        if (count < 3) throw lost();
        await made();
      },
    });
    expect(record?.status).toBe('published');
    await expectOnce(world);
    expect(await world.leftovers()).toEqual([]);
  });
  it.for([true, false])(
    'and a catalog that is gone: exit 4, nothing deleted, and the next run knows (the commit was made: %s)',
    async (made) => {
      const { world, record } = await faulty('stateful', {
        async commit(make) {
          if (made) await make();
          throw lost();
        },
        async look() {
          throw lost();
        },
      });
      expect(record).toMatchObject({
        status: 'conflict',
        published_snapshot_id: null,
        error: { code: 'commit-unknown' },
      });
      // The process of the session is this one, and alive: only another one's death frees its folder.
      await world.reopen();
      if (!made) await world.publish('victim');
      await expectOnce(world);
    },
  );

  it('is any error that does not say that the commit was not made: no file of the tables goes', async () => {
    const { world, record } = await faulty('stateful', {
      async commit(made) {
        await made();
        throw new TypeError('nobody foresaw this');
      },
      async look() {
        throw new TypeError('nor this');
      },
    });
    expect(record).toMatchObject({ published_snapshot_id: null, error: { message: 'nor this' } });
    await world.reopen();
    await expectOnce(world);
  });
  it('is an answer that tells of another commit than was asked for', async () => {
    const { world, record } = await faulty('stateful', {
      async commit(_made, _count, [, ...changes], commitTable) {
        // The state tables change, the target does not.
        for (const { identifier, ...change } of changes) await commitTable(identifier, change);
        throw new PsybergError('commit-not-as-asked', 'something else was done');
      },
    });
    expect(record).toMatchObject({ published_snapshot_id: null, error: { code: 'commit-not-as-asked' } });
    // Each of its rows can be read: no file of the state tables is gone.
    for (const table of ['psyberg_session_f', 'high_water_mark_table', 'psyberg_signal'])
      expect(await world.rows(`from psyberg.${table}`)).not.toEqual([]);
  });

  // The looks: at the target, and at each state table before its change is composed again.
  it.for(
    Array.from({ length: 9 }, (_, index) => [index % 2 === 0 ? 'stateful' : 'stateless', index + 1] as const),
  )(
    'to a commit that lands late is not published twice: a %s session, before look %i',
    { timeout: 60_000 },
    async ([pattern, look]) => {
      let late: (() => Promise<void>) | undefined;
      let landed: Promise<void> | undefined;
      const { world, record } = await faulty(pattern, {
        async commit(made, count) {
          if (count > 1) return made();
          late = made;
          throw lost();
        },
        async look(count) {
          // When the session has sent it again before, one of the two is refused.
          if (count !== look) return;
          landed = late?.().catch(() => undefined);
          await landed;
        },
      });
      expect(landed).toBeDefined();
      expect(record).toMatchObject({ status: 'published', error: null });
      await expectOnce(world);
      await world.land('raw.events', events(200, 5, 1));
      await world.publish('victim');
      expect(await world.rows('select id, ts from facts.victim')).toEqual(
        await world.rows('from raw.events'),
      );
      expect(await world.leftovers()).toEqual([]);
    },
  );

  it('to the record of a session that failed its audits keeps the record once, and the rows that failed', async () => {
    const header = { ...processOf('audited', 'stateless').header, audits: [{ sql: 'audits/none.sql' }] };
    const world = await worldForTest({
      files: { 'audits/none.sql': 'select * from staged where id >= 100' },
      processes: [processFile(header, 'select id, ts from e'), processOf('other', 'stateless')],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    await world.publish('audited');
    await world.land('raw.events', events(100, 3, 0));
    const { client } = world.psyberg.internals;
    const commit = client.commitTransaction.bind(client);
    client.commitTransaction = async (changes) => {
      client.commitTransaction = commit;
      await commit(changes);
      // Somebody else's session comes on top before this one looks.
      const other = await createWorld({
        warehouse: world.warehouse,
        processes: [processOf('other', 'stateless')],
      });
      await other.publish('other');
      await other.close();
      throw lost();
    };
    expect((await world.run(['audited']))[0]).toMatchObject({ status: 'audit-failed' });
    expect(await world.rows('select process_name, status from psyberg.psyberg_session_f')).toEqual(
      ['["audited","audit-failed"]', '["audited","published"]', '["other","published"]'].sort(),
    );
    expect(await world.rows('select count(*) from psyberg.psyberg_audit_failure')).toEqual(['["3"]']);
  });

  it('to the record of a failure takes no file of the session table with it', async () => {
    const world = await worldForTest({ processes: [processOf('broken', 'stateless')] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    await world.publish('broken');
    await world.land('raw.events', events(10, 10, 1));
    world.writeProcess({ ...processOf('broken', 'stateless'), sql: 'select nothing, ts from e' });
    await world.reopen();
    const { client } = world.psyberg.internals;
    const commit = client.commitTable.bind(client);
    client.commitTable = async (id, change) => {
      await commit(id, change);
      throw lost();
    };
    expect((await world.run())[0]).toMatchObject({ status: 'failed', error: { code: 'process-sql-failed' } });
    client.commitTable = commit;
    expect(await world.rows('select status from psyberg.psyberg_session_f')).toEqual([
      '["failed"]',
      '["published"]',
    ]);
  });

  it.for(['compact', 'manifests'] as const)(
    'to maintenance (%s) that lands late takes no file with it',
    async (task) => {
      const world = await worldForTest();
      await world.create('raw.events', EVENTS);
      for (const hour of [0, 1, 2, 3, 4, 5]) await world.land('raw.events', events(hour * 10, 10, hour));
      const { client } = world.psyberg.internals;
      const commit = client.commitTable.bind(client);
      let late: (() => Promise<unknown>) | undefined;
      client.commitTable = async (id, change) => {
        late ??= () => commit(id, change);
        throw lost();
      };
      const { tables } = await world.psyberg.maintain(['raw.events'], { only: [task] });
      client.commitTable = commit;
      expect(tables).toMatchObject([{ status: 'failed', error: { code: 'commit-state-unknown' } }]);
      await late?.();
      expect(await world.history('raw.events')).toHaveLength(7);
      expect(await world.rows('from raw.events')).toHaveLength(60);
    },
  );
});

describe('a lost answer of a foreign catalog that commits one table at a time', () => {
  it.for(['psyberg_session_f', 'psyberg_signal', 'high_water_mark_table'])(
    'to a commit of %s, with a commit of somebody else on top',
    { timeout: 60_000 },
    async (table) => {
      const foreign = await startForeignServer({ oneTableAtATime: true });
      onTestFinished(() => foreign.close());
      const worldOf = (name: string): Promise<World> =>
        worldForTest({
          catalog: { uri: foreign.uri, warehouse: 'w', token: `token-of-${name}` },
          processes: [processOf(name, 'stateless')],
        });
      const [mine, theirs] = [await worldOf('mine'), await worldOf('theirs')];
      await mine.create('raw.events', EVENTS);
      await mine.land('raw.events', events(0, 10, 0));
      await mine.publish('mine');
      await theirs.publish('theirs');
      await mine.land('raw.events', events(10, 10, 1));
      let onTop: Promise<unknown> | undefined;
      let isOnTop = false;
      foreign.manners.interfere = ({ method, path, headers }) => {
        if (
          headers['authorization'] !== 'Bearer token-of-mine' ||
          !path.includes(`tables/${table}`) ||
          isOnTop
        )
          return undefined;
        if (onTop !== undefined) return { status: 503, headers: { 'retry-after': '1' } };
        if (method !== 'POST') return undefined;
        // Made, but its answer is lost; no look at it before the other one has committed as well.
        onTop = new Promise((resolve) => setTimeout(resolve, 30))
          .then(() => theirs.publish('theirs'))
          .then(() => (isOnTop = true));
        return { status: 504, after: true };
      };
      const [record] = await mine.run();
      await onTop;
      delete foreign.manners.interfere;
      expect(record).toMatchObject({ status: 'published', error: null });
      await mine.land('raw.events', events(20, 10, 2));
      await mine.publish('mine');
      await theirs.publish('theirs');
      for (const [name, world] of [['mine', mine] as const, ['theirs', theirs] as const]) {
        expect(await world.rows(`select id, ts from facts.${name}`)).toEqual(
          await world.rows('from raw.events'),
        );
        expect(
          await world.rows(
            `select count(*), count(distinct psyberg_session_id) from psyberg.psyberg_session_f where process_name = '${name}'`,
          ),
        ).toEqual(['["3","3"]']);
        expect(
          await world.rows(
            `select count(*) from psyberg.high_water_mark_table where process_name = '${name}'`,
          ),
        ).toEqual(['["1"]']);
      }
    },
  );
});
