// Goal: sessions of a backlog that are begun while those before them are at work end as if they had not been; what
// was begun for nothing leaves nothing. Method: small worlds of real tables, in which something happens right before
// a session of the backlog publishes, when the next one has been begun; compared with SQL over whole tables.
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import { PsybergError } from '../../src/model/errors.ts';
import type { CompiledPlan } from '../../src/model/plan.ts';
import type { RunRecord } from '../../src/model/run-record.ts';
import { UNOBSERVED } from '../../src/observe/port.ts';
import { readProject } from '../../src/project/read-project.ts';
import { type Psyberg, psybergOver } from '../../src/psyberg.ts';
import { type LoadedAhead, writesSameRows } from '../../src/run/drivers/ahead.ts';
import { openWorkspace } from '../../src/workspace/open-workspace.ts';
import { orphans } from '../support/orphans.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const HOURS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const SQL = `select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids, $psyberg_session_id as made_by
  from e group by all`;
/** Rows of an hour. */
const rows = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(${first}, ${first + count}) t(i)`;

async function worldOf(header: object = {}): Promise<World> {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'some_load',
          pattern: 'stateful',
          sources: [{ table: 'raw.e', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.some', event_time: 'h', partition_by: ['hour(h)'] },
          catchup: { hours_per_session: 2 },
          ...header,
        },
        SQL,
      ),
    ],
  });
  await world.create('raw.e', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.e', HOURS.map((hour) => rows(hour * 10, 3, hour)).join(' union all '));
  return world;
}

interface Told {
  /** Called right before the session with this number, from 1, publishes. */
  readonly beforePublishing?: (session: number, psyberg: Psyberg) => Promise<unknown>;
  /** Called before rows are written; what it throws DuckDB says. */
  readonly beforeWriting?: (write: Write) => void;
}

interface Write {
  /** How many sessions had published. */
  readonly published: number;
  /** Whether it was not yet the session's turn. */
  readonly isAhead: boolean;
}

interface Ran {
  readonly records: readonly RunRecord[];
  /** As they began. */
  readonly writes: readonly Write[];
}

/** Runs the process until complete, and looks at what is told of its statements. */
async function runBacklog(world: World, { beforePublishing, beforeWriting }: Told = {}): Promise<Ran> {
  let published = 0;
  const writes: Write[] = [];
  const turn = new AsyncLocalStorage<{ readonly isAhead: boolean }>();
  const workspace = await openWorkspace(readProject({ root: world.root, variables: {} }), {
    observer: {
      ...UNOBSERVED,
      listens: true,
      during(part, work) {
        if (part.kind === 'process') return turn.run({ isAhead: part.psybergSessionId !== undefined }, work);
        if (part.kind !== 'statement' || !/^copy\b.*\bas made_by\b/s.test(part.sql)) return work();
        const write = { published, isAhead: turn.getStore()?.isAhead === true };
        writes.push(write);
        beforeWriting?.(write);
        return work();
      },
    },
  });
  const client: CatalogClient = {
    ...workspace.client,
    async commitTransaction(changes) {
      await beforePublishing?.(published + 1, psyberg);
      await workspace.client.commitTransaction(changes);
      published += 1;
    },
  };
  const psyberg: Psyberg = psybergOver({
    ...workspace,
    client,
    ports: async (spec) => ({ ...(await workspace.ports(spec)), catalog: client }),
  });
  try {
    const records = await psyberg.run(['some_load'], { untilComplete: true });
    return { records, writes };
  } finally {
    await psyberg.close();
  }
}

const rangesOf = (records: readonly RunRecord[]): number[][] =>
  records.map(({ range }) => hourNumbers(range === null ? [] : [range.first_hour, range.last_hour]));

async function expectWhole(world: World, hours: readonly number[] = HOURS): Promise<void> {
  expect(await world.rows('select h, n, ids from facts.some')).toEqual(
    await world.rows(
      `select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from raw.e
        where ts >= timestamptz '${hourAt(hours[0] ?? 0)}' and ts < timestamptz '${hourAt((hours.at(-1) ?? 0) + 1)}' group by all`,
    ),
  );
  expect(await world.leftovers()).toEqual([]);
  expect((await orphans(world)).filter((path) => path.includes('psyberg_'))).toEqual([]);
}

it('writes the rows of a session while the one before it is at work, each under its own name', async () => {
  const world = await worldOf();
  const { records, writes } = await runBacklog(world);
  expect(rangesOf(records)).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
    [8, 9],
  ]);
  // The first one creates the target, so the second one cannot be begun before it is there.
  expect(writes.map(({ isAhead }) => isAhead)).toEqual(
    expect.arrayContaining([false, false, true, true, true]),
  );
  await expectWhole(world);
  const ids = records.map(({ psyberg_session_id: id }) => id);
  expect(await world.rows('select distinct made_by from facts.some')).toEqual(
    ids.map((id) => JSON.stringify([id])),
  );
  expect(ids).toEqual([...new Set(ids)].sort());
});

it('drops what it has written of hours to which rows come before their turn', async () => {
  const world = await worldOf();
  const { records } = await runBacklog(world, {
    beforePublishing: async (session) =>
      session === 3 ? world.land('raw.e', `${rows(500, 2, 6)} union all ${rows(600, 1, 9)}`) : undefined,
  });
  expect(records.map(({ status }) => status)).toEqual(records.map(() => 'published'));
  expect(records.at(-1)?.owed_hours).toEqual([]);
  const ids = records.map(({ psyberg_session_id: id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort());
  await expectWhole(world);
});

it('goes on behind a late row of an hour that was loaded', async () => {
  const world = await worldOf();
  const { records } = await runBacklog(world, {
    beforePublishing: async (session) => (session === 3 ? world.land('raw.e', rows(500, 2, 0)) : undefined),
  });
  expect(records.at(-1)?.owed_hours).toEqual([]);
  await expectWhole(world);
});

it('leaves nothing of the session after one whose audits fail', async () => {
  const world = await worldOf({ audits: [{ row_count: { max: 2 } }, { expression: { sql: 'ids <> 183' } }] });
  const { records } = await runBacklog(world);
  expect(records.map(({ status }) => status)).toEqual([
    'published',
    'published',
    'published',
    'audit-failed',
  ]);
  await expectWhole(world, [0, 1, 2, 3, 4, 5]);
});

it('leaves nothing of what was written before a row came, when the session of that row fails', async () => {
  const world = await worldOf({ audits: [{ expression: { sql: 'ids < 1000' } }] });
  const { records } = await runBacklog(world, {
    beforePublishing: async (session) => (session === 3 ? world.land('raw.e', rows(500, 2, 6)) : undefined),
  });
  expect(records.map(({ status }) => status)).toEqual([
    'published',
    'published',
    'published',
    'audit-failed',
  ]);
  expect(await world.leftovers()).toEqual([]);
  expect((await orphans(world)).filter((path) => path.includes('psyberg_'))).toEqual([]);
});

it('goes on with one session at a time where the memory is not enough for two', async () => {
  const world = await worldOf();
  let failed = 0;
  const { records, writes } = await runBacklog(world, {
    beforeWriting({ published, isAhead }) {
      if (isAhead || published === 0 || failed > 0) return;
      failed += 1;
      throw new PsybergError('sql-failed', 'Out of Memory Error: could not allocate block');
    },
  });
  expect(failed).toBe(1);
  expect(records.map(({ error }) => error)).toEqual(records.map(() => null));
  expect(rangesOf(records).flat()).toEqual(HOURS);
  expect(writes.filter(({ published, isAhead }) => isAhead && published > 1)).toEqual([]);
  await expectWhole(world);
});

it('begins no more ahead when one could not be', async () => {
  const world = await worldOf();
  const { records, writes } = await runBacklog(world, {
    beforeWriting({ isAhead }) {
      if (isAhead) throw new PsybergError('sql-failed', 'Out of Memory Error: could not allocate block');
    },
  });
  expect(records.map(({ error }) => error)).toEqual(records.map(() => null));
  expect(writes.filter(({ isAhead }) => isAhead)).toHaveLength(1);
  await expectWhole(world);
});

it('leaves nothing of either session when it is interrupted', async () => {
  const world = await worldOf();
  const { records } = await runBacklog(world, {
    beforePublishing: async (session, psyberg) => (session === 3 ? psyberg.interrupt() : undefined),
  });
  expect(records.at(-1)).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
  expect(await world.leftovers()).toEqual([]);
  await world.run(undefined, { untilComplete: true });
  await expectWhole(world);
});

it('two backlogs of one process at once load each hour once', async () => {
  const world = await worldOf();
  const both = await Promise.all([runBacklog(world), runBacklog(world)]);
  const records = both.flatMap((each) => each.records);
  expect(records.flatMap(({ error }) => (error === null ? [] : [error]))).toEqual([]);
  await expectWhole(world);
});

it('takes rows for those of a plan only where it reads and writes the same', async () => {
  const world = await worldOf();
  await world.publish('some_load');
  const spec = world.psyberg.project.processes[0] as Parameters<
    typeof world.psyberg.internals.planProcess
  >[0];
  const plan = await world.psyberg.internals.planProcess(spec);
  const loaded = { plan } as LoadedAhead;
  const [source] = plan.sources as [CompiledPlan['sources'][number]];
  const others: Partial<CompiledPlan>[] = [
    { psyberg_session_id: '20230914000000' },
    { range: { first_hour: hourAt(2), last_hour: hourAt(4) } },
    { hours: plan.hours.slice(1) },
    { sources: [{ ...source, read: { kind: 'snapshot', snapshot_id: '1' } }] },
    { target: { ...plan.target, previous_session_id: 'another' } },
    { target: { ...plan.target, table_uuid: 'another' } },
    { steps: plan.steps.filter(({ kind }) => kind !== 'insert') },
  ];
  for (const other of others)
    expect(writesSameRows(loaded, { ...plan, ...other }), JSON.stringify(other)).toBe(false);
  const elsewhere = { ...plan.target, base_snapshot_id: '1' };
  expect(writesSameRows(loaded, { ...plan, target: elsewhere, owed_hours: [] })).toBe(true);
});
