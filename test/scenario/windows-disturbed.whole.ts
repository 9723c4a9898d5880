// Goal: a session with windows and keys comes out right, too, when its steps are commands of their own, when others
// commit to its target meanwhile, and when it is killed. Method: the target against the SQL over whole tables.
import { expect, it } from 'vitest';
import { runSessionStep, SESSION_STEPS } from '../support/session-step.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const SQL = `select c.id, c.account_id, c.ts, count(r.id)::integer as requests from cancels c
  left join requests r on r.account_id = c.account_id and r.ts <= c.ts and r.ts > c.ts - interval 8 hour group by all`;
const CANCELS = processFile(
  {
    process_name: 'cancel_load',
    pattern: 'stateful',
    sources: [
      { table: 'raw.cancels', event_time: 'ts' },
      { table: 'raw.requests', event_time: 'ts', window: { before: '8h', key: 'account_id' } },
    ],
    target: { table: 'facts.cancels', event_time: 'ts', partition_by: ['hour(ts)'] },
    audits: ['source_to_target_count'],
  },
  SQL,
);

const rows = (...values: readonly (readonly [number, number, number])[]): string =>
  `select * from (values ${values.map(([id, account, hour]) => `(${id}, ${account}, timestamptz '${hourAt(hour)}' + interval ${id} minute)`).join(', ')})`;

async function loadedWorld(): Promise<World> {
  const world = await worldForTest({ processes: [CANCELS] });
  for (const table of ['raw.cancels', 'raw.requests'])
    await world.create(table, 'id integer, account_id integer, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
  await world.land('raw.cancels', rows([1, 7, 2], [2, 8, 6], [3, 9, 9], [4, 7, 10]));
  await world.land('raw.requests', rows([20, 8, 5], [21, 1, 10]));
  await world.publish('cancel_load');
  await world.land('raw.requests', rows([22, 7, 1]));
  return world;
}

const expectWhole = async (world: World, where = 'true'): Promise<void> =>
  expect(await world.rows(`select * from facts.cancels where ${where}`)).toEqual(
    await world.rows(`with cancels as (from raw.cancels), requests as (from raw.requests) ${SQL}`),
  );

it('step by step, each in a process of its own, as the plan of the first step says', async () => {
  const world = await loadedWorld();
  const [spec] = world.psyberg.project.processes;
  if (spec === undefined) throw new Error('no process');
  for (const step of SESSION_STEPS) {
    const { status } = await runSessionStep(world.psyberg, spec, step, '20300101000000');
    expect(['initialised', 'loaded', 'audited', 'published', 'committed', 'done', 'initialized']).toContain(
      status,
    );
    await world.reopen();
    // What comes meanwhile is for the next session: sources are pinned, and so are the hours.
    if (step === 'init') await world.land('raw.requests', rows([23, 9, 8]));
  }
  const plan = await world.plan('cancel_load');
  expect(hourNumbers(plan.hours)).toEqual([9]);
  await world.publish('cancel_load');
  await expectWhole(world);
});

it('on a main to which others commit meanwhile', async () => {
  const world = await loadedWorld();
  const { client } = world.psyberg.internals;
  const commit = client.commitTransaction.bind(client);
  let others = 0;
  client.commitTransaction = async (changes) => {
    if (others === 0) {
      others += 1;
      const other = await world.psyberg.internals.engine().then((engine) => engine.fork());
      await other.execute({
        sql: `insert into lake.facts.cancels select 900, 5, timestamptz '${hourAt(5)}', 0`,
        parameters: {},
      });
      other.release();
    }
    return commit(changes);
  };
  const record = await world.publish('cancel_load');
  expect(others).toBe(1);
  expect(record.status).toBe('published');
  await expectWhole(world, 'id <> 900');
  expect(await world.rows('select id from facts.cancels where id = 900')).toHaveLength(1);
});
